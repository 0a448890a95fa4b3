// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/segmentio/encoding/json"

	"github.com/s2cd/s2cd/order"
)

// keptHead is what comes before the body in an answer that is kept with an
// Idempotency-Key: a line of its own.
type keptHead struct {
	Status   int    `json:"status"`
	ETag     string `json:"etag"`
	Location string `json:"location,omitempty"`
}

// keepAnswer encodes the answer of a status with a session, to be kept. One that
// cannot be encoded is nil, and not kept.
func keepAnswer(status int) order.Answer {
	return func(v order.View) []byte {
		head := keptHead{Status: status, ETag: entityTag(v.Session)}
		if status == http.StatusCreated {
			head.Location = locationOf(v.Session)
		}
		info, err := encodeView(&v)
		if err != nil {
			return nil
		}
		const usual = 2 << 10 // octets
		kept := bytes.NewBuffer(make([]byte, 0, usual))
		out := json.NewEncoder(kept)
		if out.Encode(head) != nil || out.Encode(info) != nil {
			return nil
		}
		return kept.Bytes()
	}
}

// replay answers what was kept, the first time too: so whoever repeats a request
// cannot be answered anything else.
func (s *Server) replay(w http.ResponseWriter, r *http.Request, kept []byte) {
	line, body, _ := bytes.Cut(kept, []byte{'\n'})
	var head keptHead
	if err := json.Unmarshal(line, &head); err != nil {
		s.fail(w, r, fmt.Errorf("decode the kept answer: %w", err))
		return
	}
	w.Header().Set("ETag", head.ETag)
	if head.Location != "" {
		w.Header().Set("Location", head.Location)
	}
	_, _ = (&whole{w, head.Status}).Write(bytes.TrimSpace(body)) // whole writes all
}
