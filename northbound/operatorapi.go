// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/wire"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// operatorSession is a session as operators see it. It never holds a secret.
type operatorSession struct {
	ID         session.ID           `json:"sessionId"`
	Tenant     session.TenantID     `json:"tenant"`
	Client     string               `json:"client"`
	Name       string               `json:"name,omitempty"`
	VPN        session.VPNID        `json:"vpn"`
	VRF        string               `json:"vrf"`
	A          string               `json:"accessPoint"`
	Z          string               `json:"endPoint"`
	Level      session.LevelName    `json:"sla"`
	Kbps       [2]uint64            `json:"kbps"` // forward, reverse
	Status     session.Status       `json:"status"`
	StatusInfo session.StatusInfo   `json:"statusInfo,omitempty"`
	Phase      session.Phase        `json:"phase"`
	Decision   session.Decision     `json:"decision"`
	Reason     string               `json:"reason,omitempty"`
	Forward    []topology.NodeName  `json:"forward"`
	Reverse    []topology.NodeName  `json:"reverse"`
	Second     *operatorWay         `json:"second,omitempty"` // of a protected session
	Correlator string               `json:"correlator,omitempty"`
	CreatedAt  time.Time            `json:"createdAt"`
	StartedAt  time.Time            `json:"startedAt,omitzero"`
	ExpiresAt  time.Time            `json:"expiresAt,omitzero"`
	EndedAt    time.Time            `json:"endedAt,omitzero"`
	Deadline   time.Time            `json:"deadline,omitzero"`
	Version    uint64               `json:"version"`
	Former     *operatorTerms       `json:"former,omitempty"` // while it is being changed
	Account    api.Account          `json:"account"`
	Devices    []operatorDeviceHave `json:"devices"`
	Timeline   []operatorEvent      `json:"timeline,omitempty"`
}

// operatorWay is the second way of a protected session.
type operatorWay struct {
	Forward []topology.NodeName `json:"forward"`
	Reverse []topology.NodeName `json:"reverse"`
	Meets   bool                `json:"meets,omitempty"` // the first: the two may fail together
}

// operatorTerms is what a session was before a change that is under way.
type operatorTerms struct {
	Level session.LevelName `json:"sla"`
	Kbps  [2]uint64         `json:"kbps"` // forward, reverse
	By    time.Time         `json:"by"`   // on all devices by then, else it goes back
}

type operatorDeviceHave struct {
	Device topology.NodeName `json:"device"`
	Have   session.Presence  `json:"have"`
	Reason string            `json:"reason,omitempty"`
	At     time.Time         `json:"at,omitzero"`
}

type operatorEvent struct {
	Seq        uint64             `json:"seq"`
	At         time.Time          `json:"at"`
	Status     session.Status     `json:"status"`
	StatusInfo session.StatusInfo `json:"statusInfo,omitempty"`
	Phase      session.Phase      `json:"phase"`
	Cause      string             `json:"cause,omitempty"`
	Correlator string             `json:"correlator,omitempty"`
}

type operatorFreeze struct {
	Scope  provision.FreezeScope `json:"scope"`
	Name   string                `json:"name,omitempty"`
	Reason string                `json:"reason"`
	Since  time.Time             `json:"since,omitzero"`
}

func toOperator(s session.Session, now time.Time) operatorSession {
	o := operatorSession{
		ID: s.ID, Tenant: s.Tenant, Client: s.Client, Name: s.Name, VPN: s.VPN.ID, VRF: s.VPN.VRF, A: s.A.AccessPoint, Z: s.Z.AccessPoint,
		Level: s.Level, Kbps: [2]uint64{s.Rate.Forward, s.Rate.Reverse}, Status: s.Status, StatusInfo: s.StatusInfo, Phase: s.Phase,
		Decision: s.Decision, Reason: s.Reason, Forward: s.Route.Forward.List(), Reverse: s.Route.Reverse.List(), Correlator: s.Correlator,
		CreatedAt: s.CreatedAt, StartedAt: s.StartedAt, ExpiresAt: s.ExpiresAt, EndedAt: s.EndedAt, Deadline: s.Deadline, Version: s.Version,
		Account: wire.Account(s.Account(now)), Devices: []operatorDeviceHave{},
	}
	if f := s.Former; f != nil {
		o.Former = &operatorTerms{Level: f.Level, Kbps: [2]uint64{f.Rate.Forward, f.Rate.Reverse}, By: f.By}
	}
	if w := s.Route.Second; w != nil {
		o.Second = &operatorWay{Forward: w.Forward.List(), Reverse: w.Reverse.List(), Meets: w.Meets}
	}
	for _, d := range s.Devices {
		o.Devices = append(o.Devices, operatorDeviceHave(d))
	}
	return o
}

func (a *Admin) sessions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := order.Filter{Tenant: session.TenantID(q.Get("tenant")), Name: q.Get("name")}
	for _, s := range q["status"] {
		f.Statuses = append(f.Statuses, session.Status(s))
	}
	var err error
	if f.Offset, err = number(q, "offset", 0, 1<<30); err == nil {
		f.Limit, err = number(q, "limit", 100, 1000)
	}
	if err == nil && f.Limit == 0 {
		err = invalid("limit", "must be at least 1")
	}
	if err != nil {
		writeError(w, err)
		return
	}
	list, total, err := a.cfg.Operator.Sessions(r.Context(), f)
	if err != nil {
		writeError(w, err)
		return
	}
	out := []operatorSession{}
	for _, s := range list {
		out = append(out, toOperator(s, a.cfg.Now()))
	}
	writeJSON(w, http.StatusOK, map[string]any{"sessions": out, "total": total})
}

// number reads a query parameter from 0 to most.
func number(q url.Values, name string, otherwise, most int) (int, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, invalid(name, fmt.Sprintf("must be an integer from 0 to %d", most))
	}
	return n, nil
}

func (a *Admin) session(w http.ResponseWriter, r *http.Request) {
	id := session.ID(r.PathValue("id"))
	s, err := a.cfg.Operator.Session(r.Context(), id)
	if err != nil {
		writeError(w, err)
		return
	}
	events, err := a.cfg.Operator.Timeline(r.Context(), id)
	if err != nil {
		writeError(w, err)
		return
	}
	out := toOperator(s, a.cfg.Now())
	for _, e := range events {
		out.Timeline = append(out.Timeline, operatorEvent{
			Seq: e.Seq, At: e.At, Status: e.Status, StatusInfo: e.StatusInfo, Phase: e.Phase, Cause: e.Cause, Correlator: e.Correlator,
		})
	}
	writeJSON(w, http.StatusOK, out)
}

func (a *Admin) devices(w http.ResponseWriter, r *http.Request) {
	list, err := a.cfg.Operator.Devices(r.Context())
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"devices": append([]DeviceStatus{}, list...)})
}

func (a *Admin) reservations(w http.ResponseWriter, r *http.Request) {
	list, err := a.cfg.Operator.Reservations(r.Context(), topology.ArcName(r.URL.Query().Get("arc")))
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"arcs": append([]ArcStatus{}, list...)})
}

func (a *Admin) doctor(w http.ResponseWriter, r *http.Request) {
	list, err := a.cfg.Operator.Findings(r.Context())
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"findings": append([]Finding{}, list...)})
}

func (a *Admin) freezes(w http.ResponseWriter, r *http.Request) {
	list, err := a.cfg.Operator.Freezes(r.Context())
	if err != nil {
		writeError(w, err)
		return
	}
	out := []operatorFreeze{}
	for _, f := range list {
		out = append(out, operatorFreeze(f))
	}
	writeJSON(w, http.StatusOK, map[string]any{"freezes": out})
}

func (a *Admin) freeze(w http.ResponseWriter, r *http.Request) {
	f, err := readFreeze(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	f.Since = a.cfg.Now()
	if err := a.cfg.Operator.SetFreeze(r.Context(), provision.Freeze(f), true); err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, f)
}

func readFreeze(w http.ResponseWriter, r *http.Request) (operatorFreeze, error) {
	f, err := readOperator[operatorFreeze](w, r, "scope, name and reason")
	if err != nil {
		return operatorFreeze{}, err
	}
	if f.Reason == "" || !f.Since.IsZero() {
		return operatorFreeze{}, invalid("reason", "is required, and since is not yours to give")
	}
	return f, checkFreeze(f.Scope, f.Name)
}

func checkFreeze(scope provision.FreezeScope, name string) error {
	switch scope {
	case provision.FreezeAll:
		if name != "" {
			return invalid("name", "must be absent with scope all")
		}
	case provision.FreezeDevice, provision.FreezeTenant:
		if name == "" {
			return invalid("name", "is required with scope "+string(scope))
		}
	default:
		return invalid("scope", "must be all, device or tenant")
	}
	return nil
}

func (a *Admin) thaw(w http.ResponseWriter, r *http.Request) {
	f := provision.Freeze{Scope: provision.FreezeScope(r.PathValue("scope")), Name: r.PathValue("name")}
	if err := checkFreeze(f.Scope, f.Name); err != nil {
		writeError(w, err)
		return
	}
	if err := a.cfg.Operator.SetFreeze(r.Context(), f, false); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	if err := writeAnswer(w, status, v); err != nil {
		writeError(w, err)
	}
}
