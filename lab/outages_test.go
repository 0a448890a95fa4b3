// SPDX-License-Identifier: Apache-2.0

//go:build outages

package lab_test

import (
	"testing"
	"time"
)

// TestOutages takes devices and the daemon away for minutes: make test-long.
func TestOutages(t *testing.T) {
	play(t, "outages", 7, 15*time.Minute)
}
