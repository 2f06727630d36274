/* SPDX-License-Identifier: GPL-2.0 */
/* What the suite needs of the shim: the device, and to load it once more. */
#ifndef _BOX_MAIN_H
#define _BOX_MAIN_H

#include <linux/miscdevice.h>

extern struct miscdevice box_device;

int box_load(void);
void box_unload(void);

#endif /* _BOX_MAIN_H */
