// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/s2cd/s2cd/northbound"
)

// issuer names a token issuer whose keys cannot be had.
func (o operations) issuer() []northbound.Finding {
	if o.d.verifier == nil {
		return nil
	}
	_, until, err := o.d.verifier.Keys()
	switch {
	case err == nil:
		return nil
	case until.Before(o.d.now()):
		return []northbound.Finding{fault("token issuer", "no tokens can be checked: "+err.Error())}
	}
	return []northbound.Finding{{
		Severity: "warning", Subject: "token issuer",
		Detail: "its keys cannot be fetched, those that are known are good until " + until.Format(time.RFC3339) + ": " + err.Error(),
	}}
}
