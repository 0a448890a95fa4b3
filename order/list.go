// SPDX-License-Identifier: Apache-2.0

package order

import "time"

// Span is a stretch of time, both ends included; a zero end leaves it open.
type Span struct{ From, Until time.Time }

// SortKey says by what a list is sorted. Columns are named as the API has them.
type SortKey string

// The keys.
const (
	ByOrder   SortKey = ""          // in the order in which they were admitted
	ByCreated SortKey = "createdAt" // when they were ordered
	ByStart   SortKey = "startTime" // that was asked for
	ByName    SortKey = "name"
	ByStatus  SortKey = "status" // by its name
)
