// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"net/http"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// OperatorEvents looks after events that customers' sinks did not take.
type OperatorEvents interface {
	order.DeadLetters
	// NotificationKeys returns the keys for sinks whose tokens are fetched.
	NotificationKeys(ctx context.Context) (KeyStatus, error)
	// RotateNotificationKeys makes a new one. With atOnce it signs from now on and
	// the old ones are no longer published, as after a leak; without, it signs
	// once caches have had time to see it.
	RotateNotificationKeys(ctx context.Context, atOnce bool) (KeyStatus, error)
}

// KeyStatus is what operators see of the keys of notifications.
type KeyStatus struct {
	JWKSURI string    `json:"jwksUri"` // of a customer, with its id in place of {customer}
	Keys    []KeyTime `json:"keys"`    // oldest first
}

// KeyTime says when a key is used.
type KeyTime struct {
	Signs time.Time `json:"signs,omitzero"` // from then on
	Until time.Time `json:"until,omitzero"` // published until then; zero: until it is rotated
}

type operatorDeadLetter struct {
	Session session.ID       `json:"sessionId"`
	Tenant  session.TenantID `json:"tenant"`
	After   uint64           `json:"after"` // sequence number of the last event before
	Last    uint64           `json:"last"`  // and of the last one given up
	Reason  string           `json:"reason"`
	At      time.Time        `json:"at"`
}

func (a *Admin) deadLetters(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := order.DeadLetterFilter{Session: session.ID(q.Get("session")), Tenant: session.TenantID(q.Get("tenant"))}
	var err error
	if f.Limit, err = number(q, "limit", 100, 1000); err == nil && f.Limit == 0 {
		err = invalid("limit", "must be at least 1")
	}
	if err != nil {
		writeError(w, err)
		return
	}
	list, err := a.cfg.Operator.DeadLetters(r.Context(), f)
	if err != nil {
		writeError(w, err)
		return
	}
	out := []operatorDeadLetter{}
	for _, l := range list {
		out = append(out, operatorDeadLetter(l))
	}
	writeJSON(w, http.StatusOK, map[string]any{"deadLetters": out})
}

func (a *Admin) replay(w http.ResponseWriter, r *http.Request) {
	id := session.ID(r.PathValue("id"))
	n, err := a.cfg.Operator.Replay(r.Context(), id)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"sessionId": id, "events": n})
}

func (a *Admin) notificationKeys(w http.ResponseWriter, r *http.Request) {
	a.tellKeys(w, r, a.cfg.Operator.NotificationKeys)
}

// keyRotation says how keys are rotated.
type keyRotation struct {
	AtOnce bool `json:"atOnce"`
}

func (a *Admin) rotateNotificationKeys(w http.ResponseWriter, r *http.Request) {
	how, err := readOperator[keyRotation](w, r, "atOnce")
	if err != nil {
		writeError(w, err)
		return
	}
	a.tellKeys(w, r, func(ctx context.Context) (KeyStatus, error) {
		return a.cfg.Operator.RotateNotificationKeys(ctx, how.AtOnce)
	})
}

func (a *Admin) tellKeys(w http.ResponseWriter, r *http.Request, ask func(context.Context) (KeyStatus, error)) {
	status, err := ask(r.Context())
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, status)
}
