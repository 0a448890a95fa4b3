// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/southbound"
)

const (
	markPrefix   = "s2cd:"
	secretPrefix = "s2cd:secret=" //nolint:gosec // G101: a label, no credential.
	policyPrefix = "s2cd-"
)

// formatMark makes a description: s2cd:<epoch>:<vpn>[ text].
func formatMark(m southbound.Mark, text string) string {
	s := markPrefix + strconv.FormatUint(m.Epoch, 10) + ":" + m.VPN
	if text != "" {
		s += " " + text
	}
	return s
}

// parseMark is the inverse of formatMark; ok is false for the description of
// an object that is not ours.
func parseMark(description string) (m southbound.Mark, text string, ok bool) {
	rest, ok := strings.CutPrefix(description, markPrefix)
	if !ok {
		return m, "", false
	}
	number, rest, ok := strings.Cut(rest, ":")
	if !ok {
		return m, "", false
	}
	epoch, err := strconv.ParseUint(number, 10, 64)
	if err != nil || strconv.FormatUint(epoch, 10) != number {
		return m, "", false
	}
	vpn, text, _ := strings.Cut(rest, " ")
	if vpn == "" {
		return m, "", false
	}
	return southbound.Mark{Epoch: epoch, VPN: vpn}, text, true
}
