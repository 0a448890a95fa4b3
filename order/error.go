// SPDX-License-Identifier: Apache-2.0

package order

import "errors"

// ErrConflict says that the room an admission found was taken meanwhile.
var ErrConflict = errors.New("room taken meanwhile")

func isConflict(err error) bool { return errors.Is(err, ErrConflict) }
