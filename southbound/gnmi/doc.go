// SPDX-License-Identifier: Apache-2.0

// Package gnmi is a southbound.Driver for any device that speaks gNMI: dial
// with mutual TLS and a pinned identity, one Set at a time, commit-confirmed
// where the device has it, errors sorted into southbound kinds. It knows no
// device's data model (a Model renders that) and decides nothing.
package gnmi
