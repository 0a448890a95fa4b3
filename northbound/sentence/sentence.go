// SPDX-License-Identifier: Apache-2.0

// Package sentence holds what customers are told of a session's state, in
// words. The sentences are fixed: reasons that the core gives name devices,
// routes and addresses, and are for operators alone.
package sentence

import "github.com/s2cd/s2cd/session"

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
		return "built, packets are about to prove it"
	case session.Active:
		return "proven with packets"
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
