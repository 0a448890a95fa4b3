// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/segmentio/encoding/json"

	"github.com/s2cd/s2cd/order"
)

// keptAnswer is an answer as it is kept with an Idempotency-Key.
type keptAnswer struct {
	Status   int             `json:"status"`
	ETag     string          `json:"etag"`
	Location string          `json:"location,omitempty"`
	Body     json.RawMessage `json:"body"`
}

// keepAnswer encodes the answer of a status with a session, to be kept. One that
// cannot be encoded is nil, and not kept.
func keepAnswer(status int) order.Answer {
	return func(v order.View) []byte {
		kept := keptAnswer{Status: status, ETag: entityTag(v.Session)}
		if status == http.StatusCreated {
			kept.Location = locationOf(v.Session)
		}
		info, err := encodeView(&v)
		if err != nil {
			return nil
		}
		if kept.Body, err = json.Marshal(info); err != nil {
			return nil
		}
		raw, err := json.Marshal(kept)
		if err != nil {
			return nil
		}
		return raw
	}
}

// replay answers what was kept, the first time too: so whoever repeats a request
// cannot be answered anything else.
func (s *Server) replay(w http.ResponseWriter, r *http.Request, raw []byte) {
	var kept keptAnswer
	if err := json.Unmarshal(raw, &kept); err != nil {
		s.fail(w, r, fmt.Errorf("decode the kept answer: %w", err))
		return
	}
	w.Header().Set("ETag", kept.ETag)
	if kept.Location != "" {
		w.Header().Set("Location", kept.Location)
	}
	_, _ = (&whole{w, kept.Status}).Write(bytes.TrimSpace(kept.Body)) // whole writes all
}
