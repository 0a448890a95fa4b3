// SPDX-License-Identifier: Apache-2.0

// Package sqlite keeps everything s2cd must not forget in one SQLite file: it
// implements order.Store, order.Outbox and provision.Store. It decides nothing
// about networks or customers: what a decision means is in the ports' words,
// here it becomes durable or does not happen.
//
// One goroutine writes. Callers queue what they want written; what waits at
// the same time shares one transaction, so that a disk is synced once for many,
// and a part that is refused undoes only itself. Admissions only read until all
// of them are decided; what they write then goes into each table together.
// Other parts have a savepoint of their own. Readers have connections of their own and never wait for the
// writer. One process has the file, held by a lock on a file beside it.
package sqlite

//go:generate go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1 generate
