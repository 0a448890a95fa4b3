// SPDX-License-Identifier: Apache-2.0

// Package sentence holds what customers are told of a session's state, in
// words. The sentences are fixed: reasons that the core gives name devices,
// routes and addresses, and are for operators alone.
package sentence

import (
	"regexp"
	"strings"

	"github.com/s2cd/s2cd/session"
)

// Of returns the sentence for a phase, or for why the session ends or ended.
func Of(phase session.Phase, info session.StatusInfo) string {
	if phase == session.Released {
		return ended(info, "it has ended, nothing is left")
	}
	if phase == session.Releasing || info != session.NoInfo {
		return ended(info, "it is being removed")
	}
	switch phase {
	case session.Admitted:
		return "room is reserved, no device was changed yet"
	case session.Applying:
		return "devices are being changed"
	case session.AwaitingFE:
		return "ready on our side, waiting for the partner's"
	case session.Verifying:
		return "built, about to be proven"
	case session.Active:
		return "proven, and in service"
	case session.Modifying:
		return "in service, devices are being changed"
	case session.InDoubt:
		return "a device does not answer; it will be settled when it does"
	case session.Releasing, session.Released: // said above
	}
	return "its state is not known"
}

// ended puts why a session ends before what becomes of it.
func ended(info session.StatusInfo, what string) string {
	switch info {
	case session.DurationExpired:
		return "its time is up: " + what
	case session.DeleteRequested:
		return "it was deleted on request: " + what
	case session.NetworkTerminated:
		return "the network could not carry it any longer: " + what
	case session.SessionDeclined:
		return "it could not be built or proven in time: " + what
	case session.SessionRevoked:
		return "the provider withdrew it: " + what
	case session.NoInfo:
	}
	return what
}

// OfEvent returns the sentence for an entry of a timeline.
func OfEvent(e session.Event) string {
	switch e.Kind {
	case session.SLABreached:
		return "the service level is not kept: " + broken(e.Breach)
	case session.SLARestored:
		return "the service level is kept again, it was not: " + broken(e.Breach)
	case session.PathChanged:
		return "it takes another way through the network"
	case session.RateChanged:
		return "its bandwidth or service level was changed"
	case session.StatusChanged:
	}
	if forCustomers(e.Cause) {
		return e.Cause
	}
	return OfStatus(e)
}

// OfStatus returns what a sink is told with a change of status.
func OfStatus(e session.Event) string {
	if strings.HasPrefix(e.Cause, session.ChangeFailed) {
		return "in service, the change could not be made and is undone"
	}
	return Of(e.Phase, e.StatusInfo)
}

// forCustomers says whether a cause is one of those that hold nothing of the
// provider's: what customers did themselves.
func forCustomers(cause string) bool {
	return cause == "ordered" || cause == "renamed" || extension.MatchString(cause)
}

var extension = regexp.MustCompile(`^extended by [0-9]+ s$`)

// broken names what was not kept.
func broken(b *session.Breach) string {
	if b == nil || len(b.Broken) == 0 {
		return "the provider knows what"
	}
	var names []string
	for _, one := range b.Broken {
		names = append(names, string(one.Guarantee))
	}
	return strings.Join(names, ", ")
}
