// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"errors"

	"github.com/s2cd/s2cd/southbound"
)

// ErrLeased says that another daemon holds the device.
var ErrLeased = errors.New("device leased by another daemon")

// ErrFenced says that a lease is not the newest any more.
var ErrFenced = errors.New("device lease lost")

// keyless reports whether a change was not tried because a secret for it cannot
// be had: those that need none go on.
func keyless(err error) bool { return southbound.KindOf(err) == southbound.NoKey }
