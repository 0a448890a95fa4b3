// SPDX-License-Identifier: Apache-2.0

// Package pathcomp answers which path, and is there room: it searches the
// topology, keeps every arc's bandwidth calendar, and admits. It knows topology
// and nothing else: no sessions, no tenants, no store.
package pathcomp
