// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package priority

// Leader is a goroutine among others where a thread has no priority of its own.
type Leader struct{}

// Lead does nothing.
func (*Leader) Lead() error { return nil }

// Rejoin does nothing.
func (*Leader) Rejoin() error { return nil }

// GiveWay does nothing where a thread has no priority of its own.
func GiveWay() error { return nil }
