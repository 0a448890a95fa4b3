// SPDX-License-Identifier: Apache-2.0

package order

import "errors"

// ErrConflict says that the room an admission found was taken meanwhile.
var ErrConflict = errors.New("room taken meanwhile")

// ErrNotBooked says that a session has no bookings of the variant that a step is
// to book more like.
var ErrNotBooked = errors.New("not booked")

func isConflict(err error) bool { return errors.Is(err, ErrConflict) }
