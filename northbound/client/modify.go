// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client/internal/rest"
)

// Change is what is to be otherwise with a session; what is nil stays as it is.
type Change struct {
	api.UpdateSession

	RemoveName bool // wins over Name
}

// patch is the change as a merge patch (RFC 7396).
func (c Change) patch() ([]byte, error) {
	var patch any = c.UpdateSession
	if c.RemoveName {
		patch = struct {
			api.UpdateSession

			Name any `json:"name"` // null, and hides the embedded one
		}{UpdateSession: c.UpdateSession}
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encode the change: %w", err)
	}
	return body, nil
}

// WithIfMatch has a change fail with status 412 if the session is no longer in
// the state that etag names, as Session.ETag had it.
func WithIfMatch(etag string) CallOption { return func(c *call) { c.match = etag } }

// ModifySession changes bandwidth, level or name. What is asked for is reserved
// when it returns; Wait with Settled tells when the network has followed. When
// its outcome is not known it is not repeated: read the session.
func (c *Client) ModifySession(ctx context.Context, id api.SessionId, change Change, opts ...CallOption) (*Session, error) {
	body, err := change.patch()
	if err != nil {
		return nil, err
	}
	return c.session(ctx, "modify session "+id.String(), once, opts, func(server string) (*http.Request, error) {
		return rest.NewUpdateSessionRequestWithBody(server, id, nil, "application/merge-patch+json", bytes.NewReader(body))
	})
}

// Settled reports whether a session is in service, or scheduled, and nothing is
// being changed. It is made for Wait after ModifySession; a change that the
// network could not follow has been undone then, and the session is what it was.
func Settled(s *Session) bool { return Ordered(s) && s.Phase != api.MODIFYING }
