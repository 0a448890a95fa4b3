// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/store/storebench"
)

// Epoch is when the suite's orders begin.
var epoch = storebench.Epoch() //nolint:gochecknoglobals // a constant that Go cannot spell

// Window is the default window of an order.
func window() pathcomp.Window { return storebench.Window() }

// Admission returns an order of a usual size.
func Admission(i int) order.Admission { return storebench.Order(i) }
