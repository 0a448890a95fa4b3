// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package priority

// Lead does nothing where a thread has no priority of its own.
func Lead() error { return nil }

// GiveWay does nothing where a thread has no priority of its own.
func GiveWay() error { return nil }
