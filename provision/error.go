// SPDX-License-Identifier: Apache-2.0

package provision

import "errors"

// ErrLeased says that another daemon holds the device.
var ErrLeased = errors.New("device leased by another daemon")

// ErrFenced says that a lease is not the newest any more.
var ErrFenced = errors.New("device lease lost")
