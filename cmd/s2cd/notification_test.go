// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/s2cd/s2cd/session"
)

// TestKeysOfTheDaemon: keys come from the store, and not at all when switched off.
func TestKeysOfTheDaemon(t *testing.T) {
	t.Parallel()
	d := newTestDaemon(t)
	if err := d.openKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := operations{d}
	before, err := o.NotificationKeys(t.Context())
	if err != nil || len(before.Keys) != 1 {
		t.Fatalf("%+v, %v", before, err)
	}
	after, err := o.RotateNotificationKeys(t.Context(), false)
	if err != nil || len(after.Keys) != 2 || after.Keys[1].Signs.Sub(before.Keys[0].Signs) < keyLead {
		t.Errorf("%+v, %v", after, err)
	}
	if after, err = o.RotateNotificationKeys(t.Context(), true); err != nil || len(after.Keys) != 1 {
		t.Errorf("at once: %+v, %v", after, err)
	}
	off := newTestDaemon(t)
	off.cfg.Webhook.PrivateKeyJWT = false
	if err := off.openKeys(t.Context()); err != nil || off.keySet() != nil {
		t.Errorf("switched off: %v, %v", off.keySet(), err)
	}
	if _, err := (operations{off}).NotificationKeys(t.Context()); session.CodeOf(err) != session.Incompatible {
		t.Errorf("switched off: %v", err)
	}
}
