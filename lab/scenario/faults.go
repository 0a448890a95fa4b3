// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/lab/client"
	"github.com/s2cd/s2cd/lab/network"
	"github.com/s2cd/s2cd/lab/process"
	"github.com/s2cd/s2cd/lab/report"
)

// Faults kills, freezes and refuses at every step of a session's life while
// another customer's session carries packets.
type Faults struct {
	*Stack
	*report.Report
	one, two  *Customer
	bystander Session
	connected map[string]bool // sites
}

// RunFaults plays the faults that are over soon; its error says how many checks failed.
func RunFaults(ctx context.Context, s *Stack, out io.Writer) error {
	f := newFaults(s, out)
	steps := append(f.kills("s2cd", "applying", "verifying", "active", "releasing"), f.kills("s2cgw", "applying", "releasing")...)
	return f.run(ctx, append(steps, step{"a device refuses: declined, others applied", 6 * time.Minute, f.refused}))
}

// kills kills a process in each of the phases of a session.
func (f *Faults) kills(victim string, phases ...string) []step {
	steps := make([]step, len(phases))
	for i, phase := range phases {
		steps[i] = step{"kill -9 of " + victim + " while " + phase, 8 * time.Minute, func(ctx context.Context) (string, error) {
			return f.kill(ctx, victim, phase)
		}}
	}
	return steps
}

// RunOutages plays what takes minutes: a device that is away for longer than a
// call or a transaction lasts, a daemon that sleeps for longer than its lease. Of
// the faults of a gateway's agent it plays those in which nothing is changed.
func RunOutages(ctx context.Context, s *Stack, out io.Writer) error {
	f := newFaults(s, out)
	return f.run(ctx, append(f.kills("s2cgw", "verifying", "active"), []step{
		{"a device does not answer: in doubt, then delivered", 6 * time.Minute, f.silent},
		{"a device dies in mid-transaction", 6 * time.Minute, f.dies},
		{"a daemon woken after its lease is refused", 6 * time.Minute, f.frozen},
	}...))
}

func newFaults(s *Stack, out io.Writer) *Faults {
	return &Faults{Stack: s, Report: report.New(out), connected: map[string]bool{}}
}

// run plays steps beside the bystander and looks what is left.
func (f *Faults) run(ctx context.Context, steps []step) error {
	if !f.Do(ctx, "a session of another customer carries packets", 2*time.Minute, f.begin) {
		return errors.Join(f.End(), fmt.Errorf("s2cd said:\n%s", tail(f.S2cd.Log())))
	}
	for _, st := range steps {
		f.play(ctx, st)
	}
	f.Do(ctx, "the end: nothing left, nothing reserved", 2*time.Minute, f.end)
	return f.End()
}

// play runs one fault under the bystander's traffic and cleans up behind it, so
// that one failure is not the next one's.
func (f *Faults) play(ctx context.Context, st step) {
	if f.Do(ctx, st.name, st.limit, func(ctx context.Context) (string, error) { return f.delivered(ctx, st.do) }) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	err := f.heal(ctx)
	for _, c := range []*Customer{f.one, f.two} {
		var page struct {
			Sessions []Session `json:"sessions"`
		}
		err = errors.Join(err, c.Call(ctx, "GET", "/sessions", nil, &page))
		for _, s := range page.Sessions {
			if s.ID != f.bystander.ID && s.Status != "TERMINATED" {
				err = errors.Join(err, f.remove(ctx, c, s.ID))
			}
		}
	}
	if err != nil {
		f.Say("cleaning up: %v", err)
	}
}

func (f *Faults) begin(ctx context.Context) (_ string, err error) {
	if err := f.Start(ctx); err != nil {
		return "", err
	}
	if _, err := f.AwaitDevices(ctx, "in sync"); err != nil {
		return "", err
	}
	if f.one, err = f.Customer("client-1", nil); err != nil {
		return "", err
	}
	if f.two, err = f.Customer("client-2", nil); err != nil {
		return "", err
	}
	if err := errors.Join(f.one.Login(ctx), f.two.Login(ctx)); err != nil {
		return "", err
	}
	f.bystander, err = f.place(ctx, f.one, secondCloud)
	return f.bystander.ID, err
}

// delivered is watched for what begins with an order. Once in some dozen times a
// VRF that is made anew a moment after it was removed carries nothing on the lab's
// routers, whatever they say of it; the provider then declines the session, as it
// should, and the customer orders again.
func (f *Faults) delivered(ctx context.Context, do func(context.Context) (string, error)) (string, error) {
	note, err := f.watched(ctx, do)
	if err == nil || !strings.Contains(err.Error(), "proven in time") {
		return note, err
	}
	if healed := f.heal(ctx); healed != nil {
		return note, errors.Join(err, healed)
	}
	again, err := f.watched(ctx, do)
	return again + "; ordered twice: " + note, err
}

// order places an order and connects the customer's ends.
func (f *Faults) order(ctx context.Context, c *Customer, p place) (Session, error) {
	body, err := f.body(p, soldMbps, 3600, "")
	if err != nil {
		return Session{}, err
	}
	made, err := c.Order(ctx, body)
	if err != nil {
		return made, err
	}
	if !f.connected[p.site] {
		f.connected[p.site] = true
		if err := f.connectSite(p, made.Handover.Near); err != nil {
			return made, err
		}
	}
	return made, f.connectCloud(ctx, p, made.Handover.Far)
}

// place is order, and waits until the session carries packets.
func (f *Faults) place(ctx context.Context, c *Customer, p place) (Session, error) {
	made, err := f.order(ctx, c, p)
	if err != nil {
		return made, err
	}
	return f.carries(ctx, c, made.ID, p)
}

// carries waits until a session is ACTIVATED and its packets arrive.
func (f *Faults) carries(ctx context.Context, c *Customer, id string, p place) (Session, error) {
	s, err := c.Await(ctx, id, "ACTIVATED")
	if err != nil {
		return s, err
	}
	site, cloud, err := f.ends(p)
	if err != nil {
		return s, err
	}
	_, err = f.WaitPing(ctx, p.site, network.Ping{To: cloud, From: site})
	return s, err
}

// remove deletes a session and waits until it is gone.
func (f *Faults) remove(ctx context.Context, c *Customer, id string) error {
	if _, err := c.Delete(ctx, id); err != nil {
		return err
	}
	return gone(ctx, c, id)
}

// longestGap is what the bystander's packets may be without an answer: frozen
// moments of user-mode-linux under load, not a tunnel that is set up again.
const longestGap = 3 * time.Second

// watched runs a fault under the bystander's traffic.
func (f *Faults) watched(ctx context.Context, do func(context.Context) (string, error)) (string, error) {
	site, cloud, err := f.ends(secondCloud)
	if err != nil {
		return "", err
	}
	pings, stop := context.WithCancel(ctx)
	type result struct {
		r   network.PingResult
		err error
	}
	done := make(chan result, 1)
	go func() {
		r, err := f.Ping(pings, secondCloud.site, network.Ping{To: cloud, From: site, Interval: 50 * time.Millisecond})
		done <- result{r, err}
	}()
	note, err := do(ctx)
	stop()
	b := <-done
	note = fmt.Sprintf("%s; bystander %d of %d, longest gap %s", note, b.r.Received, b.r.Sent, b.r.Gap.Round(time.Millisecond))
	if b.err != nil && !errors.Is(b.err, context.Canceled) {
		err = errors.Join(err, b.err)
	}
	if b.r.Gap > longestGap {
		err = errors.Join(err, errors.New(note))
	}
	return note, err
}

// kill ends a program in a phase of a session's life, starts it again and
// follows the session to where it should be.
func (f *Faults) kill(ctx context.Context, victim, phase string) (string, error) {
	if phase == "applying" || phase == "verifying" {
		if err := f.delay(ctx, 8*time.Second); err != nil {
			return "", err
		}
	}
	made, err := f.order(ctx, f.two, otherCustomer)
	if err != nil {
		return "", err
	}
	if phase == "verifying" {
		// Without news from the gateway nothing is proven: it has its part before
		// PE1 has, and tells again once the daemon was killed.
		if err := f.AwaitOn(ctx, made.ID, "GW"); err != nil {
			return "", err
		}
		if err := f.S2cgw.Signal(syscall.SIGSTOP); err != nil {
			return "", err
		}
	}
	if phase == "releasing" {
		if _, err := f.carries(ctx, f.two, made.ID, otherCustomer); err != nil {
			return "", err
		}
		if err := f.delay(ctx, 3*time.Second); err != nil {
			return "", err
		}
		if _, err := f.two.Delete(ctx, made.ID); err != nil {
			return "", err
		}
	}
	if _, err := f.AwaitPhase(ctx, made.ID, phase); err != nil {
		return "", err
	}
	if err := f.killAndRestart(ctx, victim); err != nil {
		return "", err
	}
	if phase == "verifying" && victim != "s2cgw" {
		if err := f.S2cgw.Signal(syscall.SIGCONT); err != nil {
			return "", err
		}
	}
	if phase == "releasing" {
		return "released", gone(ctx, f.two, made.ID)
	}
	if _, err := f.carries(ctx, f.two, made.ID, otherCustomer); err != nil {
		return "", err
	}
	return "delivered and deleted", f.remove(ctx, f.two, made.ID)
}

// delay makes the next Set of PE1 take so long.
func (f *Faults) delay(ctx context.Context, d time.Duration) error {
	return f.Inject(ctx, "PE1", map[string]any{"delayBefore": d, "delayCount": 1})
}

func (f *Faults) killAndRestart(ctx context.Context, victim string) error {
	if victim == "s2cgw" {
		if err := f.S2cgw.Kill(); err != nil {
			return err
		}
		return f.StartGateway()
	}
	if err := f.S2cd.Kill(); err != nil {
		return err
	}
	if err := f.StartDaemon(ctx); err != nil {
		return err
	}
	// The issuer's keys lived in the daemon.
	return errors.Join(f.one.Login(ctx), f.two.Login(ctx))
}

// refused makes PE1 refuse one of two orders that come together.
func (f *Faults) refused(ctx context.Context) (string, error) {
	if err := f.Inject(ctx, "PE1", map[string]any{"refuseMention": "eth1.102", "refuseText": "port reserved for a test set"}); err != nil {
		return "", err
	}
	bad, err := f.order(ctx, f.two, otherCustomer)
	if err != nil {
		return "", err
	}
	good, err := f.place(ctx, f.one, firstCloud)
	if err != nil {
		return "", err
	}
	ended, err := f.two.Await(ctx, bad.ID, "TERMINATED")
	if err != nil {
		return "", err
	}
	if ended.StatusInfo != "SESSION_DECLINED" {
		return "", fmt.Errorf("ended as %s: %s", ended.StatusInfo, ended.Message)
	}
	v, err := f.view(ctx, bad.ID)
	if err == nil && !strings.Contains(v.Reason, "PE1") {
		err = fmt.Errorf("the reason does not name the device: %q", v.Reason)
	}
	return fmt.Sprintf("declined: %s", v.Reason), errors.Join(err, f.heal(ctx), f.remove(ctx, f.one, good.ID))
}

func (f *Faults) heal(ctx context.Context) error { return f.Inject(ctx, "PE1", map[string]any{}) }

// silent lets PE1 answer nothing until an order is in doubt.
func (f *Faults) silent(ctx context.Context) (string, error) {
	if err := f.Inject(ctx, "PE1", map[string]any{"blackhole": 5 * time.Minute}); err != nil {
		return "", err
	}
	made, err := f.order(ctx, f.two, otherCustomer)
	if err != nil {
		return "", err
	}
	v, err := f.AwaitPhase(ctx, made.ID, "in-doubt")
	if err != nil {
		return "", err
	}
	if !strings.Contains(v.Reason, "PE1") {
		return "", fmt.Errorf("the reason does not name the device: %q", v.Reason)
	}
	if err := f.heal(ctx); err != nil {
		return "", err
	}
	if _, err := f.carries(ctx, f.two, made.ID, otherCustomer); err != nil {
		return "", err
	}
	return "in doubt: " + v.Reason, f.remove(ctx, f.two, made.ID)
}

// dies kills the PEs' management while a Set is being carried out.
func (f *Faults) dies(ctx context.Context) (string, error) {
	if err := f.Inject(ctx, "PE1", map[string]any{"delayAfter": 3 * time.Second, "delayCount": 1}); err != nil {
		return "", err
	}
	made, err := f.order(ctx, f.two, otherCustomer)
	if err != nil {
		return "", err
	}
	if _, err := f.AwaitPhase(ctx, made.ID, "applying"); err != nil {
		return "", err
	}
	time.Sleep(time.Second) // into the Set
	if err := f.LabPE.Kill(); err != nil {
		return "", err
	}
	v, err := f.AwaitPhase(ctx, made.ID, "in-doubt")
	if err != nil {
		return "", err
	}
	if err := errors.Join(f.StartPEs(), f.WaitPEs(ctx)); err != nil {
		return "", err
	}
	if _, err := f.carries(ctx, f.two, made.ID, otherCustomer); err != nil {
		return "", err
	}
	return "in doubt: " + v.Reason, f.remove(ctx, f.two, made.ID)
}

// frozen stops the daemon for longer than its device leases while a successor
// writes; woken, its Set is refused.
func (f *Faults) frozen(ctx context.Context) (string, error) {
	if err := f.delay(ctx, 2*time.Second); err != nil {
		return "", err
	}
	made, err := f.order(ctx, f.two, otherCustomer)
	if err != nil {
		return "", err
	}
	if _, err := f.AwaitPhase(ctx, made.ID, "applying"); err != nil {
		return "", err
	}
	if err := f.asleep(f.S2cd, 62*time.Second, func() error { return f.succeed(ctx) }); err != nil {
		return "", err
	}
	if err := f.awaitFenced(ctx); err != nil {
		return "", err
	}
	if _, err := f.carries(ctx, f.two, made.ID, otherCustomer); err != nil {
		return "", err
	}
	return "refused as fenced, delivered under a new lease", f.remove(ctx, f.two, made.ID)
}

// asleep stops a process for a while and does something meanwhile.
func (f *Faults) asleep(p *process.Process, d time.Duration, do func() error) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d)
	return errors.Join(do(), p.Signal(syscall.SIGCONT))
}

// succeed writes to the gateway as the next holder of its lease would.
func (f *Faults) succeed(ctx context.Context) error {
	c, err := client.Dial("GW", gatewayAddr, f.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	const nextFence = 2 // the daemon got 1 from its empty store
	return c.Send(ctx, &gpb.SetRequest{}, client.Master("s2cd", nextFence))
}

// awaitFenced waits until the daemon says that the gateway refused its lease.
func (f *Faults) awaitFenced(ctx context.Context) error {
	for {
		if strings.Contains(tail(f.S2cd.Log()), "fenced") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the daemon was never fenced: %s", tail(f.S2cd.Log()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (f *Faults) end(ctx context.Context) (string, error) {
	if err := f.remove(ctx, f.one, f.bystander.ID); err != nil {
		return "", err
	}
	taken, err := f.Reserved(ctx)
	if err != nil {
		return "", err
	}
	left, err := f.Residue(ctx)
	if len(taken)+len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("reserved %v, left %v", taken, left))
	}
	return "no residue", err
}
