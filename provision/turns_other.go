// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package provision

// giveWay does nothing where a thread has no priority of its own.
func giveWay() {}
