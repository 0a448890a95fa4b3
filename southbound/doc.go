// SPDX-License-Identifier: Apache-2.0

// Package southbound holds what the core says to devices and hears from them:
// the vendor-neutral DeviceConfig, the driver ports and the error every driver
// returns. It does no I/O and knows no protocol, no YANG and no database;
// drivers below it (gnmi, netconf) translate, provision above it decides.
package southbound
