// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// operatorReroute is a plan to reroute, or what was done of it.
type operatorReroute struct {
	Sessions []operatorRerouted `json:"sessions"`
	Moves    int                `json:"moves"`
	Stays    int                `json:"stays"`
	NoWay    int                `json:"noWay"`
	Failed   int                `json:"failed"`
}

type operatorRerouted struct {
	Session session.ID           `json:"sessionId"`
	Tenant  session.TenantID     `json:"tenant,omitempty"`
	Level   session.LevelName    `json:"sla,omitempty"`
	Outcome order.RerouteOutcome `json:"outcome"`
	Was     []topology.NodeName  `json:"was,omitempty"`
	Is      []topology.NodeName  `json:"is,omitempty"` // with outcome moves
	RTT     uint32               `json:"rttMicros,omitempty"`
	Reason  string               `json:"reason,omitempty"` // why it does not move, or what its two ways share there
	Cause   pathcomp.Cause       `json:"-"`                // the reason says it
}

func toReroute(list []order.Rerouted) operatorReroute {
	out := operatorReroute{Sessions: []operatorRerouted{}}
	for _, one := range list {
		out.Sessions = append(out.Sessions, operatorRerouted(one))
		switch one.Outcome {
		case order.Moves:
			out.Moves++
		case order.Stays:
			out.Stays++
		case order.NoWay:
			out.NoWay++
		case order.Failed:
			out.Failed++
		}
	}
	return out
}

// notKept goes with what the daemon was told of links and nodes.
const notKept = "kept until the daemon restarts; then the inventory says what is"

// linkChange is what a link is from now on.
type linkChange struct {
	Down *bool `json:"down"`
}

func (a *Admin) setLink(w http.ResponseWriter, r *http.Request) {
	change, err := readOperator[linkChange](w, r, "down")
	if err == nil && change.Down == nil {
		err = invalid("down", "is required")
	}
	if err != nil {
		writeError(w, err)
		return
	}
	is, err := a.cfg.Operator.SetLink(r.Context(), r.PathValue("name"), *change.Down, callOf(r.Context()).correlator)
	if err != nil {
		writeError(w, err)
		return
	}
	is.Note = notKept
	writeJSON(w, http.StatusOK, is)
}

func (a *Admin) setNode(w http.ResponseWriter, r *http.Request) {
	change, err := readOperator[NodeChange](w, r, "down and maintenance")
	if err == nil && change == (NodeChange{}) {
		err = invalid("", "down or maintenance is required")
	}
	if err != nil {
		writeError(w, err)
		return
	}
	is, err := a.cfg.Operator.SetNode(r.Context(), topology.NodeName(r.PathValue("name")), change, callOf(r.Context()).correlator)
	if err != nil {
		writeError(w, err)
		return
	}
	is.Note = notKept
	writeJSON(w, http.StatusOK, is)
}

func (a *Admin) planReroute(w http.ResponseWriter, r *http.Request) {
	a.unhurried(w)
	plan, err := a.cfg.Operator.PlanReroute(r.Context())
	a.answerReroute(w, plan, err)
}

func (a *Admin) reroute(w http.ResponseWriter, r *http.Request) {
	a.unhurried(w)
	done, err := a.cfg.Operator.Reroute(r.Context(), callOf(r.Context()).correlator)
	a.answerReroute(w, done, err)
}

// planTimeout is how long an answer may take that looks at every session there is,
// and changes many.
const planTimeout = 10 * time.Minute

// unhurried puts off the server's deadlines: that of reading too, which would end
// the request's context.
func (a *Admin) unhurried(w http.ResponseWriter) {
	until := a.cfg.Now().Add(planTimeout)
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(until) // without deadlines there is nothing to put off
	_ = c.SetWriteDeadline(until)
}

func (*Admin) answerReroute(w http.ResponseWriter, list []order.Rerouted, err error) {
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, toReroute(list))
}
