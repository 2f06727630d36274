# SPDX-License-Identifier: GPL-2.0
"""Mutants of C functions, all in one file (schemata: Untch, Offutt, Harrold 1993).

Source(path, ...) parses a file of the kernel with libclang, as it was built, and
finds its mutants; render() gives the file with all of them in it. Each is asked
for by its number: MUTANT(n) is true for the one that the boot parameter names.

Positions come from the parser, but texts from the file, so a mutant is found only
where the two agree: what a macro's body makes of its arguments is left alone, and
the arguments themselves are not.
"""
import ctypes
import dataclasses
import re
import shlex
import subprocess

from clang import cindex
from clang.cindex import CursorKind as Kind, TypeKind

RELATIONAL = ["<", "<=", ">", ">=", "==", "!="]
# What each operator is replaced by, and the name of that kind of mutant.
OPERATORS = {
    **{op: ("relational", [o for o in RELATIONAL if o != op]) for op in RELATIONAL},
    "&&": ("logical", ["||"]), "||": ("logical", ["&&"]),
    "+": ("arithmetic", ["-"]), "-": ("arithmetic", ["+"]),
    "*": ("arithmetic", ["/"]), "/": ("arithmetic", ["*"]),
    "%": ("arithmetic", ["*"]),
    "&": ("bitwise", ["|", "^"]), "|": ("bitwise", ["&", "^"]),
    "^": ("bitwise", ["&", "|"]),
    "<<": ("bitwise", [">>"]), ">>": ("bitwise", ["<<"]),
    "+=": ("arithmetic", ["-="]), "-=": ("arithmetic", ["+="]),
    "*=": ("arithmetic", ["/="]), "/=": ("arithmetic", ["*="]),
    "|=": ("bitwise", ["&="]), "&=": ("bitwise", ["|="]),
    "<<=": ("bitwise", [">>="]), ">>=": ("bitwise", ["<<="]),
}
# Constants that can be taken for each other. Those of an enum are found by it.
ALIKE = [
    ["READ", "WRITE"], ["FMODE_READ", "FMODE_WRITE"],
    ["EPOLLIN", "EPOLLOUT"], ["EPOLLRDNORM", "EPOLLWRNORM"],
    ["POLL_IN", "POLL_OUT"], ["SIGIO", "SIGURG"], ["true", "false"],
    ["GFP_KERNEL", "GFP_ATOMIC"], ["GFP_KERNEL_ACCOUNT", "GFP_KERNEL"],
    ["TASK_INTERRUPTIBLE", "TASK_UNINTERRUPTIBLE"],
    ["TASK_NORMAL", "TASK_INTERRUPTIBLE"],
    ["O_NONBLOCK", "O_DIRECT"], ["IOCB_NOWAIT", "IOCB_HIPRI"],
    ["-EINVAL", "-EIO"], ["-EAGAIN", "-EINTR"], ["-EFAULT", "-EINVAL"],
    ["-ENOMEM", "-EAGAIN"], ["-EBUSY", "-EAGAIN"], ["-EPERM", "-EACCES"],
    ["-EBADF", "-EINVAL"], ["-ENOTTY", "-EINVAL"],
    ["-ERESTARTSYS", "-EINTR"], ["-EIOCBQUEUED", "-EAGAIN"],
    ["-ECANCELED", "-EINTR"],
]
# Claims and messages: to delete one changes nothing that a test could see.
SKIPPED = re.compile(r"(lockdep_assert\w*|WARN\w*|BUG\w*|BUILD_BUG\w*|pr_\w+|"
                     r"printk|dev_(emerg|alert|crit|err|warn|notice|info|dbg)\w*|"
                     r"static_assert|might_\w+|cond_resched|mutex_destroy)\s*\(")
# What keeps others out: without it a test on one CPU may well pass.
LOCKING = re.compile(r"(\w*(lock|unlock)(_\w+)?|smp_\w+|barrier|rcu_\w+|"
                     r"preempt_\w+|pagefault_\w+|mutex_\w+)\s*\(")
KEYWORDS = {"if", "for", "while", "do", "switch", "return", "sizeof"}
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*$")
JUMPS = {Kind.GOTO_STMT, Kind.BREAK_STMT, Kind.CONTINUE_STMT}
BODIES = {Kind.IF_STMT, Kind.WHILE_STMT, Kind.DO_STMT, Kind.FOR_STMT,
          Kind.CASE_STMT, Kind.DEFAULT_STMT, Kind.LABEL_STMT}
# A lvalue's own parts, and those that merely point to it.
PLACES = {Kind.MEMBER_REF_EXPR, Kind.ARRAY_SUBSCRIPT_EXPR, Kind.PAREN_EXPR}
INTEGERS = {TypeKind.BOOL, TypeKind.INT, TypeKind.UINT, TypeKind.LONG,
            TypeKind.ULONG, TypeKind.LONGLONG, TypeKind.ULONGLONG,
            TypeKind.SHORT, TypeKind.USHORT, TypeKind.UCHAR, TypeKind.SCHAR,
            TypeKind.CHAR_S, TypeKind.CHAR_U, TypeKind.ENUM}

PRELUDE = """\
#define MUTANT(n) ({ if (!mutant) \\
			data_race(mutants_reached[(n) / 64] |= 1ULL << (n) % 64); \\
		     mutant == (n); })
extern unsigned int mutant;
extern unsigned long long mutants_reached[@WORDS@];
"""

# For one of the files: the boot parameter, and what was reached, when it is over.
CONTROL = """
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/string.h>

unsigned int mutant;
unsigned long long mutants_reached[@WORDS@];

static int __init mutant_setup(char *text)
{
	return kstrtouint(text, 0, &mutant) == 0;
}
__setup("mutant=", mutant_setup);

static void mutants_print(const char *when)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mutants_reached); i++)
		if (mutants_reached[i])
			pr_info("mutants reached %s: %u %llx\\n", when, i,
				mutants_reached[i]);
}

static int mutants_report(struct notifier_block *block, unsigned long event,
			  void *data)
{
	mutants_print("by tests");
	return NOTIFY_DONE;
}

static struct notifier_block mutants_block = {
	.notifier_call = mutants_report,
};

static int __init mutants_init(void)
{
	return register_reboot_notifier(&mutants_block);
}
early_initcall(mutants_init);

/* What ran until now did so in every boot, whichever suite comes next. */
static int __init mutants_booted(void)
{
	mutants_print("at boot");
	memset(mutants_reached, 0, sizeof(mutants_reached));
	return 0;
}
late_initcall_sync(mutants_booted);
"""


def is_call(text):
    """Is it a name with its arguments, whether function or macro?"""
    name = re.match(r"(\w+)\s*\(", text)
    if not name or name[1] in KEYWORDS:
        return False
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and char == ")":
            return place == len(text) - 1
    return False


def call(text):
    """The rest of a line, to the end of what is in parentheses there."""
    text = re.sub(r"^{ if \(!MUTANT\(\d+\)\) ", "", text)
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if not depth and char in ");{}":
            return text[:i]
    return text


@dataclasses.dataclass
class Mutant:
    """One change of one place: the text from start to end becomes new."""
    path: str
    function: str
    line: int
    kind: str
    start: int
    end: int
    old: str
    new: str      # "" if a statement is deleted
    place: bool = False     # something to be had the address of, not a value
    number: int = 0


def build_command(out, path):
    """How make built the object of a source: the words of the command."""
    obj = path[:-2] + ".o"
    head, _, name = obj.rpartition("/")
    with open(f"{out}/{head}/.{name}.cmd", encoding="utf-8") as file:
        words = shlex.split(file.readline().split(":=", 1)[1])
    # What comes after the compiler is none of its words: objtool, for one.
    return words[:words.index(";")] if ";" in words else words


def parser_flags(command):
    """Those words that say what the source means, not how to compile it."""
    flags, words = [], iter(command[1:])
    for word in words:
        if word in ("-include", "-isystem"):
            flags += [word, next(words)]
        elif word[:2] in ("-I", "-D", "-U") or word in ("-nostdinc", "-m64") or \
                word.startswith("-std="):
            flags.append(word)
    return flags


def _file_offset(location):
    """Where a location is written: for a macro's argument, where that stands."""
    lib = cindex.conf.lib
    offset = ctypes.c_uint()
    file = cindex.c_object_p()
    lib.clang_getFileLocation.argtypes = [
        cindex.SourceLocation, ctypes.POINTER(cindex.c_object_p)] + \
        3 * [ctypes.POINTER(ctypes.c_uint)]
    lib.clang_getFileLocation.restype = None
    lib.clang_getFileLocation(location, ctypes.byref(file), None, None,
                              ctypes.byref(offset))
    return (cindex.File(file).name if file else None), offset.value


class Source:
    """A source file of the kernel, path from the tree's top, built in out.

    Of a header, the functions in it: as the source of the same name has them.
    """

    def __init__(self, out, path):
        self.path = path
        self.out = out
        self.command = build_command(out, path)
        self.name = self.command[-1][:-2] + path[-2:]
        # Offsets are of bytes: of each byte, one character.
        with open(f"{out}/{self.name}", encoding="latin-1") as file:
            self.text = file.read()
        self.mutants = []
        self._seen = set()
        self._function = ""
        unit = cindex.Index.create().parse(
            self.command[-1], parser_flags(self.command) +
            ["-working-directory=" + out, "-Wno-everything"])
        errors = [d for d in unit.diagnostics if d.severity >= d.Error]
        if errors:
            raise ValueError(f"{path}: {errors[0]}")
        for cursor in unit.cursor.get_children():
            # What is built in is never unloaded: __exit is not even linked.
            if cursor.kind == Kind.FUNCTION_DECL and cursor.is_definition() and \
                    not re.match(r"[^({]*\b__exit\b", self._text(cursor)):
                self._function = cursor.spelling
                self._returns = cursor.result_type.get_canonical()
                for child in cursor.get_children():
                    if child.kind == Kind.COMPOUND_STMT and \
                            self._text(child).startswith("{"):
                        self._statement(child)

    def _span(self, cursor):
        first, start = _file_offset(cursor.extent.start)
        last, end = _file_offset(cursor.extent.end)
        return (start, end) if first == last and first and start < end and \
            first.endswith(self.name) else None

    def _text(self, cursor):
        span = self._span(cursor)
        return self.text[span[0]:span[1]] if span else ""

    def _add(self, kind, span, new, place=False):
        key = (span, new)
        old = self.text[span[0]:span[1]]
        if key in self._seen or new == old:
            return
        self._seen.add(key)
        self.mutants.append(Mutant(
            self.path, self._function, self.text.count("\n", 0, span[0]) + 1,
            kind, span[0], span[1], old, new, place))

    # Statements.

    def _statement(self, cursor):
        kind = cursor.kind
        if SKIPPED.match(self._text(cursor)):
            return
        if kind == Kind.DECL_STMT:
            for child in cursor.get_children():
                if child.storage_class != cindex.StorageClass.STATIC:
                    self._expressions(child)
        elif kind == Kind.COMPOUND_STMT:
            for child in cursor.get_children():
                self._statement(child)
        elif kind == Kind.RETURN_STMT:
            for child in cursor.get_children():
                self._return(child)
                self._expression(child)
        elif kind == Kind.SWITCH_STMT:
            value, body = list(cursor.get_children())
            self._expression(value)
            self._statement(body)
        elif kind in BODIES and not is_call(self._text(cursor)):
            self._with_body(cursor)
        else:
            self._deletion(cursor)
            if kind not in JUMPS:
                self._expression(cursor, statement=True)

    def _with_body(self, cursor):
        children = list(cursor.get_children())
        if cursor.kind == Kind.IF_STMT:
            self._condition(children[0])
            for child in children[1:]:
                self._statement(child)
        elif cursor.kind == Kind.WHILE_STMT:
            self._condition(children[0])
            self._statement(children[1])
        elif cursor.kind == Kind.DO_STMT:
            self._statement(children[0])
            self._condition(children[1])
        elif cursor.kind == Kind.FOR_STMT:
            self._for(cursor, children)
        elif cursor.kind == Kind.LABEL_STMT or cursor.kind == Kind.DEFAULT_STMT:
            self._statement(children[-1])
        else:
            self._statement(children[-1])       # of a case: not its constant

    def _for(self, cursor, children):
        self._statement(children[-1])
        text, span = self._text(cursor), self._span(cursor)
        if not span or not re.match(r"for\s*\(", text):
            return                              # list_for_each() and its kin
        first = span[0] + text.index(";")
        second = self.text.index(";", first + 1)
        for child in children[:-1]:
            where = self._span(child)
            if where and first < where[0] < second:
                self._condition(child)
            elif where and where[0] > second:
                self._expression(child, statement=True)
            elif child.kind != Kind.DECL_STMT:
                self._expression(child, statement=True)

    def _deletion(self, cursor):
        """A statement that can be left out: a call, an assignment, a jump."""
        span, text = self._span(cursor), self._text(cursor)
        if not span:
            return
        end = re.compile(r"\s*;").match(self.text, span[1])
        if not end:
            return
        if cursor.kind in JUMPS:
            kind = "delete jump"
        elif LOCKING.match(text):
            kind = "locking"
        elif is_call(text):
            kind = "delete call"
        elif self._operator(cursor)[0] in ("=",) or \
                cursor.kind in (Kind.COMPOUND_ASSIGNMENT_OPERATOR,
                                Kind.UNARY_OPERATOR):
            kind = "delete assignment"
        else:
            return
        self._add(kind, (span[0], end.end()), "")

    def _return(self, cursor):
        span, text = self._span(cursor), self._text(cursor)
        kind = self._returns.kind
        if not span or NUMBER.match(text.strip("-")) or text in ("true", "false"):
            return
        if kind == TypeKind.BOOL:
            if not self._is_negation(cursor):
                self._add("return", span, f"!({text})")
        elif kind in INTEGERS:
            self._add("return", span, "0")
            self._add("return", span, "1")
        elif kind == TypeKind.POINTER and text != "NULL":
            self._add("return", span, "NULL")

    # Expressions.

    def _operator(self, cursor):
        """The operator between a cursor's two operands, and where it is."""
        children = list(cursor.get_children())
        if len(children) != 2:
            return None, None
        left, right = self._span(children[0]), self._span(children[1])
        if not left or not right or left[1] > right[0]:
            return None, None
        between = self.text[left[1]:right[0]]
        operator = between.strip(" \t\n\\")
        start = left[1] + between.index(operator) if operator else 0
        return operator, (start, start + len(operator))

    def _is_negation(self, cursor):
        """Would its negation be one of the relational mutants, or the like?"""
        cursor = self._bare(cursor)
        if cursor.kind == Kind.BINARY_OPERATOR:
            return self._operator(cursor)[0] in RELATIONAL
        return cursor.kind == Kind.UNARY_OPERATOR and \
            self._text(cursor).startswith("!")

    def _bare(self, cursor):
        """Without the parentheses and the casts that nobody wrote."""
        while cursor.kind in (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR):
            children = list(cursor.get_children())
            if len(children) != 1:
                break
            cursor = children[0]
        return cursor

    def _condition(self, cursor):
        span = self._span(cursor)
        if span and not self._is_negation(cursor) and \
                not NUMBER.match(self._text(cursor)):
            self._add("negate", span, f"!({self._text(cursor)})")
        self._expression(cursor)

    def _expressions(self, cursor):
        for child in cursor.get_children():
            self._expression(child)

    def _expression(self, cursor, place=False, statement=False):
        """place: what it is, not its value, is wanted, so it must stay."""
        kind, span, text = cursor.kind, self._span(cursor), self._text(cursor)
        if SKIPPED.match(text) or kind == Kind.CXX_UNARY_EXPR or \
                kind in (Kind.TYPE_REF, Kind.MEMBER_REF):
            return
        if kind == Kind.COMPOUND_STMT and text.startswith("{"):
            self._statement(cursor)     # of a statement expression, not a macro's
            return
        if span and not place:
            self._constant(cursor, span, text)
        if kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR):
            self._binary(cursor, span, place, statement)
        elif kind == Kind.UNARY_OPERATOR:
            self._unary(cursor, span, text, place)
        elif kind == Kind.CONDITIONAL_OPERATOR:
            condition, *values = list(cursor.get_children())
            if self._span(condition) != span:   # not of a macro's body
                self._condition(condition)
            for value in values:
                self._expression(value)
        elif place and kind in PLACES:
            base, *rest = list(cursor.get_children()) or [None]
            if base is not None:
                pointer = base.type.kind == TypeKind.POINTER
                self._expression(base, place=not pointer)
            for child in rest:
                self._expression(child)
        else:
            if span and not place and kind == Kind.MEMBER_REF_EXPR:
                self._member(cursor, span, text, "")
            for child in cursor.get_children():
                # a.b needs a itself, as much as a->b needs its value only.
                self._expression(child, place=place or (
                    kind in PLACES and child.type.kind != TypeKind.POINTER and
                    kind != Kind.PAREN_EXPR))

    def _binary(self, cursor, span, place, statement):
        operator, where = self._operator(cursor)
        children = list(cursor.get_children())
        if operator in OPERATORS and span and where and not place:
            kind, others = OPERATORS[operator]
            pointers = any(self._bare(child).type.kind == TypeKind.POINTER
                           for child in children)
            if operator in ("==", "!=") and pointers:
                others = [{"==": "!=", "!=": "=="}[operator]]
            for other in others:
                self._add(kind, span, self.text[span[0]:where[0]] + other +
                          self.text[where[1]:span[1]])
        assigns = operator == "=" or \
            cursor.kind == Kind.COMPOUND_ASSIGNMENT_OPERATOR
        for i, child in enumerate(children):
            self._expression(child, place=assigns and i == 0)

    def _unary(self, cursor, span, text, place):
        child = next(cursor.get_children())
        inner = self._text(child)
        if span and not place:
            for old, new in (("++", "--"), ("--", "++")):
                if text.startswith(old) and not inner.startswith(old):
                    self._add("arithmetic", span, new + inner)
                elif text == inner + old:
                    self._add("arithmetic", span, inner + new)
            if text.startswith("!"):
                self._add("negate", span, f"!!({inner})")
            elif text.startswith("~") or \
                    text.startswith("-") and not text.startswith("--"):
                self._add("constant", span, inner)
        if text.startswith("&"):
            if span and child.kind == Kind.MEMBER_REF_EXPR and not place:
                self._member(child, span, inner, "&")
            self._expression(child, place=True)
        else:
            self._expression(child, place="++" in text[:2] + text[-2:] or
                             "--" in text[:2] + text[-2:])

    def _member(self, cursor, span, text, prefix):
        """Another member of the same struct and type, if it is no number."""
        field = cursor.referenced
        kind = field.type.get_canonical().kind if field else None
        if kind not in (TypeKind.RECORD, TypeKind.POINTER) or \
                not text.endswith(field.spelling):
            return
        alike = [f.spelling for f in field.semantic_parent.type.get_fields()
                 if f.type.get_canonical() == field.type.get_canonical()]
        if len(alike) > 1:
            other = alike[(alike.index(field.spelling) + 1) % len(alike)]
            self._add("member", span, prefix + text[:-len(field.spelling)] + other,
                      place=kind == TypeKind.RECORD and not prefix)

    def _constant(self, cursor, span, text):
        for group in ALIKE:
            if text in group:
                self._add("named constant", span,
                          group[(group.index(text) + 1) % len(group)])
                return
        number = NUMBER.match(text)
        declared = self._bare(cursor).referenced
        if number and cursor.kind == Kind.INTEGER_LITERAL:
            value, suffix = int(number[1], 0), number[2]
            for new in (0, 1, value + 1, value - 1, -value):
                if new != value:
                    self._add("constant", span, f"({new}{suffix})")
        elif declared is not None and IDENTIFIER.match(text) and \
                declared.kind == Kind.ENUM_CONSTANT_DECL:
            names = [c.spelling for c in declared.semantic_parent.get_children()]
            self._add("named constant", span,
                      names[(names.index(text) + 1) % len(names)])
        elif IDENTIFIER.match(text) and not re.match(r"E[A-Z0-9]+$|NULL$", text) \
                and self._bare(cursor).kind == Kind.INTEGER_LITERAL:
            self._add("constant", span, f"({text} + 1)")
            self._add("constant", span, f"({text} - 1)")

    # The file with all mutants.

    def render(self, words, control):
        """The text, with the mutants numbered by now; control in one file."""
        places = {}
        for mutant in self.mutants:
            places.setdefault((mutant.start, mutant.end), []).append(mutant)
        spans = sorted(places, key=lambda s: (s[0], -s[1]))
        body = PRELUDE + f'#line 1 "{self.path}"\n' + \
            self._render(0, len(self.text), spans, places)
        return (body + CONTROL * control).replace("@WORDS@", str(words))

    def _render(self, start, end, spans, places):
        text, here = "", start
        for span in spans:
            if span[0] < here or span[1] > end:
                continue
            inner = [s for s in spans if s != span and
                     span[0] <= s[0] and s[1] <= span[1]]
            text += self.text[here:span[0]]
            text += self._choice(places[span], self._render(
                span[0], span[1], inner, places))
            here = span[1]
        return text + self.text[here:end]

    @staticmethod
    def _choice(mutants, original):
        """An expression, a place or a statement that is one of several."""
        if not mutants[0].new:
            return f"\n{{ if (!MUTANT({mutants[0].number})) {original} }}"
        address = "&" if mutants[0].place else ""   # a macro may want it
        text = "(" + "".join(
            f"MUTANT({m.number}) ?\n/*@{m.number}@*/ {address}({m.new}) :\n"
            for m in mutants) + f"{address}({original}))"
        return f"(*{text})" if address else text

    def uncompilable(self, rendered):
        """The numbers of those mutants that the compiler does not take."""
        words = self.command[:-1] + ["-w", "-fsyntax-only", "-iquote",
                                     self.name.rpartition("/")[0], "-x", "c",
                                     rendered]
        words[words.index("-o"):words.index("-o") + 2] = []
        words = [w for w in words if not w.startswith("-Wp,")]
        result = subprocess.run(words, cwd=self.out, text=True, check=False,
                                stderr=subprocess.PIPE)
        with open(rendered, encoding="latin-1") as file:
            lines = file.read().split("\n")
        shift = PRELUDE.count("\n") + 1
        bad, around = set(), set()
        for error in re.split(r"^(?=[^:\n]+:\d+:\d+: error: )", result.stderr,
                              flags=re.M)[1:]:
            # Of one in a macro's body, the notes say where that is used.
            for line in re.findall(rf"^{re.escape(self.path)}:(\d+):", error, re.M):
                line = int(line) - 1 + shift
                bad.update(re.findall(r"/\*@(\d+)@\*/", lines[line]))
                around.update(re.findall(r"MUTANT\((\d+)\)",
                                         call("\n".join(lines[line:]))))
        # Errors lead to others, so those that are certain go first.
        bad = {int(number) for number in bad or around}
        if result.returncode and not bad:
            raise ValueError(f"{self.path}: {result.stderr}")
        return bad
