// SPDX-License-Identifier: Apache-2.0

// Package priority gives the thread of a goroutine another priority than the rest of
// the process has. The goroutine keeps the thread, which ends with it: a thread
// whose priority was changed is not for others.
package priority
