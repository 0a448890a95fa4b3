// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// operatorView is what scenarios read of a session on the admin listener.
type operatorView struct {
	ID       string `json:"sessionId"`
	Phase    string `json:"phase"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	VRF      string `json:"vrf"`
	Devices  []struct {
		Device string `json:"device"`
		Have   string `json:"have"`
	} `json:"devices"`
	Timeline []struct {
		At    time.Time `json:"at"`
		Phase string    `json:"phase"`
	} `json:"timeline"`
}

// operate reads from the admin listener.
func operate(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+adminAddr+"/operator/v1/"+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("operator request: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("operator request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("operator answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("operator %s: %s: %s", path, resp.Status, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("operator answer: %w", err)
	}
	return nil
}

func (s *Stack) view(ctx context.Context, id string) (operatorView, error) {
	var v operatorView
	return v, operate(ctx, "sessions/"+id, &v)
}

// VRF is the name of a session's VRF on the devices.
func (s *Stack) VRF(ctx context.Context, id string) (string, error) {
	v, err := s.view(ctx, id)
	return v.VRF, err
}

// Phases says how long a session spent in each phase until it was active.
func (s *Stack) Phases(ctx context.Context, id string) (string, time.Duration, error) {
	v, err := s.view(ctx, id)
	if err != nil {
		return "", 0, err
	}
	var parts []string
	var total time.Duration
	for i := 1; i < len(v.Timeline); i++ {
		took := v.Timeline[i].At.Sub(v.Timeline[i-1].At)
		total += took
		parts = append(parts, fmt.Sprintf("%s %s", v.Timeline[i-1].Phase, took.Round(time.Millisecond)))
		if v.Timeline[i].Phase == "active" {
			return strings.Join(parts, ", "), total, nil
		}
	}
	return strings.Join(parts, ", "), total, fmt.Errorf("session %s was never active: %+v", id, v.Timeline)
}

// AwaitPhase waits until operators see the session in a phase.
func (s *Stack) AwaitPhase(ctx context.Context, id, phase string) (operatorView, error) {
	for {
		v, err := s.view(ctx, id)
		if err == nil && v.Phase == phase {
			return v, nil
		}
		if err == nil && v.Phase == "released" {
			return v, fmt.Errorf("session %s is released (%s), it will never be %s", id, v.Reason, phase)
		}
		if ctx.Err() != nil {
			return v, fmt.Errorf("session %s is %s (%s), not %s: %w", id, v.Phase, v.Reason, phase, ctx.Err())
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// AwaitOn waits until operators see a session on a device.
func (s *Stack) AwaitOn(ctx context.Context, id, device string) error {
	for {
		v, err := s.view(ctx, id)
		for _, d := range v.Devices {
			if err == nil && d.Device == device && d.Have == "present" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("session %s is not on %s: %w", id, device, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// AwaitDevices waits until every device is in a state.
func (s *Stack) AwaitDevices(ctx context.Context, state string) ([]string, error) {
	for {
		var answer struct {
			Devices []struct{ Device, State, Reason string } `json:"devices"`
		}
		err := operate(ctx, "devices", &answer)
		var all []string
		good := err == nil && len(answer.Devices) > 0
		for _, d := range answer.Devices {
			all = append(all, strings.TrimSpace(d.Device+" "+d.State+" "+d.Reason))
			good = good && d.State == state
		}
		if good {
			return all, nil
		}
		select {
		case <-ctx.Done():
			return all, fmt.Errorf("devices: %v: %w", all, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Reserved lists the arcs on which bandwidth is held.
func (s *Stack) Reserved(ctx context.Context) ([]string, error) {
	var answer struct {
		Arcs []struct {
			Arc     string `json:"arc"`
			Entries []struct {
				Session string `json:"session"`
			} `json:"entries"`
		} `json:"arcs"`
	}
	if err := operate(ctx, "reservations", &answer); err != nil {
		return nil, err
	}
	var all []string
	for _, a := range answer.Arcs {
		for _, e := range a.Entries {
			all = append(all, a.Arc+" for "+e.Session)
		}
	}
	return all, nil
}
