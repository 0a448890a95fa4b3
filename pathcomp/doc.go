// SPDX-License-Identifier: Apache-2.0

// Package pathcomp answers which path, and is there room: it searches the
// topology, keeps every arc's bandwidth calendar, and admits. It knows topology
// and nothing else: no sessions, no tenants, no store.
//
// A Core searches: Search takes the routers' own paths (a network that is not
// steered), one or two that fail apart, Steer and SteerPair choose them. A search reads an immutable snapshot
// without locks and returns an Admission or a Refusal. A Ledger keeps what is
// reserved and checks an Admission once more when it is reserved. Update makes
// news of single links and nodes known, Fork lets things be tried out, Repair
// plans where reservations go that have lost their way.
//
// Below it: csp finds exact constrained paths over numbered nodes, segment turns
// a path into a segment list, audit counts over-booking without sharing a line
// with the calendar, pathbench measures.
package pathcomp
