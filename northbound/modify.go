// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// UpdateSession answers PATCH /sessions/{sessionId}.
func (h handlers) UpdateSession(w http.ResponseWriter, r *http.Request, id api.SessionPath, _ api.UpdateSessionParams) {
	m, err := modification(r)
	if err == nil {
		m.Match, err = matchOf(r.Header)
	}
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	v, changing, err := h.s.cfg.UseCases.Modify(r.Context(), callerOf(r), session.ID(id.String()), m)
	switch {
	case err != nil:
		h.s.fail(w, r, err)
	case changing:
		h.replyView(w, r, http.StatusAccepted, v)
	default:
		h.replyView(w, r, http.StatusOK, v)
	}
}

// modification reads a merge patch (RFC 7396). The contract has refused null for
// all that cannot be removed; what is null and what is absent differ for the name.
func modification(r *http.Request) (order.Modification, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return order.Modification{}, invalid("", "the body cannot be read")
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	body, err := decode[api.UpdateSession](r)
	if err != nil {
		return order.Modification{}, err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return order.Modification{}, invalid("", "the body does not match its schema")
	}
	m := order.Modification{Forward: kbps(body.GuaranteedBandwidth), Reverse: kbps(body.GuaranteedReverseBandwidth)}
	if body.Sla != nil {
		m.Level = new(session.LevelName(*body.Sla))
	}
	if _, named := given["name"]; named {
		m.Name = new(value(body.Name))
	}
	return m, nil
}

func kbps(b *api.Bandwidth) *uint64 {
	if b == nil {
		return nil
	}
	return new(uint64(*b) * 1000) //nolint:gosec // 1..10^6 by the schema
}
