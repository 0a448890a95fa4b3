// SPDX-License-Identifier: Apache-2.0

// Package priority gives the thread of a goroutine another priority than the rest of
// the process has. As long as it has, no other goroutine runs on it.
package priority
