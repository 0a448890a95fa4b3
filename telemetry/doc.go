// SPDX-License-Identifier: Apache-2.0

// Package telemetry looks at what devices measure and says what is known of
// each session: whether packets prove it, its latency and loss, and apart from
// that whether the customer's own ends answer. Silence is unknown, never fine.
// It changes nothing on a device and decides nothing about a session.
package telemetry
