// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// handlers implements the contract's operations. Parameters and body have
// passed the contract when they get here.
type handlers struct{ s *Server }

var _ api.ServerInterface = handlers{}

// CheckAvailability answers POST /check-availability.
func (h handlers) CheckAvailability(w http.ResponseWriter, r *http.Request, _ api.CheckAvailabilityParams) {
	body, err := decode[api.CheckAvailability](r)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	q, err := h.s.decoder().check(body)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	a, err := h.s.cfg.UseCases.Check(r.Context(), callerOf(r), q)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	h.s.reply(w, r, http.StatusOK, encodeAvailability(a))
}

// CreateSession answers POST /sessions.
func (h handlers) CreateSession(w http.ResponseWriter, r *http.Request, params api.CreateSessionParams) {
	body, err := decode[api.CreateSession](r)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	o, err := h.s.decoder().create(body)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	h.s.nameKeys(o.Sink, callerOf(r).Tenant)
	if params.IdempotencyKey != nil {
		o.Key, o.Answer = *params.IdempotencyKey, keepAnswer(http.StatusCreated)
		if o.Fingerprint, err = fingerprint(body); err != nil {
			h.s.fail(w, r, err)
			return
		}
	}
	made, kept, err := h.s.cfg.UseCases.Create(r.Context(), callerOf(r), o)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	if len(kept) > 0 {
		h.s.replay(w, r, kept)
		return
	}
	view, err := h.s.cfg.UseCases.View(r.Context(), made)
	if err != nil {
		view = order.View{Session: made} // it is durable; the client must learn its id
	}
	w.Header().Set("Location", locationOf(made))
	h.replyView(w, r, http.StatusCreated, view)
}

// ListSessions answers GET /sessions.
func (h handlers) ListSessions(w http.ResponseWriter, r *http.Request, params api.ListSessionsParams) {
	f := listFilter(params)
	page, err := h.s.cfg.UseCases.Sessions(r.Context(), callerOf(r), f)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	out := api.SessionPage{Sessions: make([]api.SessionInfo, 0, min(f.PerPage, page.Total)), Pagination: paginate(w, r, f.Page, f.PerPage, page.Total)}
	for v, err := range page.Views {
		if err != nil {
			h.s.fail(w, r, err)
			return
		}
		info, err := encodeView(&v)
		if err != nil {
			h.s.fail(w, r, err)
			return
		}
		out.Sessions = append(out.Sessions, *info)
	}
	h.s.reply(w, r, http.StatusOK, out)
}

// GetSession answers GET /sessions/{sessionId}.
func (h handlers) GetSession(w http.ResponseWriter, r *http.Request, id api.SessionPath, _ api.GetSessionParams) {
	v, err := h.s.cfg.UseCases.Session(r.Context(), callerOf(r), session.ID(id.String()))
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	h.replyView(w, r, http.StatusOK, v)
}

// ExtendSessionDuration answers POST /sessions/{sessionId}/extend.
func (h handlers) ExtendSessionDuration(w http.ResponseWriter, r *http.Request, id api.SessionPath, params api.ExtendSessionDurationParams) {
	body, err := decode[api.ExtendSessionDuration](r)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	e := order.Extension{By: time.Duration(body.RequestedAdditionalDuration) * time.Second, Key: value(params.IdempotencyKey)}
	if e.Key != "" {
		if e.Fingerprint, err = fingerprint(body); err != nil {
			h.s.fail(w, r, err)
			return
		}
		e.Fingerprint = "extend " + id.String() + " " + e.Fingerprint
		e.Answer = keepAnswer(http.StatusOK)
	}
	if e.Match, err = matchOf(r.Header); err != nil {
		h.s.fail(w, r, err)
		return
	}
	v, kept, err := h.s.cfg.UseCases.Extend(r.Context(), callerOf(r), session.ID(id.String()), e)
	switch {
	case err != nil:
		h.s.fail(w, r, err)
	case len(kept) > 0:
		h.s.replay(w, r, kept)
	default:
		h.replyView(w, r, http.StatusOK, v)
	}
}

// DeleteSession answers DELETE /sessions/{sessionId}.
func (h handlers) DeleteSession(w http.ResponseWriter, r *http.Request, id api.SessionPath, _ api.DeleteSessionParams) {
	match, err := matchOf(r.Header)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	v, err := h.s.cfg.UseCases.Delete(r.Context(), callerOf(r), session.ID(id.String()), match)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	h.replyView(w, r, http.StatusAccepted, v)
}

func (h handlers) replyView(w http.ResponseWriter, r *http.Request, status int, v order.View) {
	info, err := encodeView(&v)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", entityTag(v.Session))
	h.s.reply(w, r, status, info)
}

func locationOf(s session.Session) string { return BasePath + "/sessions/" + string(s.ID) }

func callerOf(r *http.Request) order.Caller {
	c := callOf(r.Context())
	return order.Caller{Tenant: session.TenantID(c.tenant), Client: c.client, Correlator: c.correlator}
}

// fingerprint is the same for two bodies that say the same, whatever the
// order of their properties and the white space between.
func fingerprint[T any](body T) (string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("fingerprint the body: %w", err)
	}
	var plain any // sorts the properties of what the types keep as it came
	if err := json.Unmarshal(raw, &plain); err != nil {
		return "", fmt.Errorf("fingerprint the body: %w", err)
	}
	if raw, err = json.Marshal(plain); err != nil {
		return "", fmt.Errorf("fingerprint the body: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
