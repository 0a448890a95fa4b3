// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/webhook"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// When a new notification key takes over. Key sets are cached for 5 minutes
// where our own word counts; assertions are good for two.
const (
	keyLead    = 15 * time.Minute
	keyOverlap = time.Hour
)

// openKeys takes the keys of notifications from the configuration, else from
// the store.
func (d *daemon) openKeys(ctx context.Context) error {
	if !d.cfg.Webhook.PrivateKeyJWT {
		return nil
	}
	secrets, err := d.cfg.Webhook.ReadKeys()
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	if len(secrets) > 0 {
		d.keys, err = webhook.FixedKeys(secrets, d.now)
	} else {
		d.keys, err = webhook.OpenKeys(ctx, d.store, d.now)
	}
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	return nil
}

// keySet is what the API publishes; nil where there is nothing.
func (d *daemon) keySet() northbound.KeySet {
	if d.keys == nil {
		return nil
	}
	return d.keys
}

// DeadLetters implements order.DeadLetters.
func (o operations) DeadLetters(ctx context.Context, f order.DeadLetterFilter) ([]order.DeadLetter, error) {
	return o.d.store.DeadLetters(ctx, f)
}

// Replay implements order.DeadLetters.
func (o operations) Replay(ctx context.Context, id session.ID) (int, error) {
	n, err := o.d.store.Replay(ctx, id)
	if err == nil {
		o.d.log.InfoContext(ctx, "dead letters are told again", "session", id, "events", n)
	}
	return n, err
}

// NotificationKeys implements northbound.OperatorEvents.
func (o operations) NotificationKeys(context.Context) (northbound.KeyStatus, error) {
	if o.d.keys == nil {
		return northbound.KeyStatus{}, errKeysOff()
	}
	return o.keyStatus(o.d.keys.Times()), nil
}

// RotateNotificationKeys implements northbound.OperatorEvents.
func (o operations) RotateNotificationKeys(ctx context.Context, atOnce bool) (northbound.KeyStatus, error) {
	if o.d.keys == nil {
		return northbound.KeyStatus{}, errKeysOff()
	}
	lead, overlap := keyLead, keyOverlap
	if atOnce {
		lead, overlap = 0, 0
	}
	times, err := o.d.keys.Rotate(ctx, lead, overlap)
	if errors.Is(err, webhook.ErrFixedKeys) {
		return northbound.KeyStatus{}, session.Errorf(session.Incompatible, "", "%s", err)
	}
	if err != nil {
		return northbound.KeyStatus{}, fmt.Errorf("rotate: %w", err)
	}
	o.d.log.InfoContext(ctx, "notification keys rotated", "atOnce", atOnce, "keys", len(times))
	return o.keyStatus(times), nil
}

func errKeysOff() error {
	return session.Errorf(session.Incompatible, "", "webhook.privateKeyJwt is false: there are no keys")
}

func (o operations) keyStatus(times []webhook.KeyTimes) northbound.KeyStatus {
	status := northbound.KeyStatus{JWKSURI: o.d.publicURL() + northbound.KeysPath + "{customer}"}
	for _, t := range times {
		status.Keys = append(status.Keys, northbound.KeyTime(t))
	}
	return status
}

// givenUp counts the sessions with events that customers were not told of.
func (o operations) givenUp(ctx context.Context) ([]northbound.Finding, error) {
	list, err := o.d.store.DeadLetters(ctx, order.DeadLetterFilter{Limit: 1000})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	sessions := map[session.ID]bool{}
	for _, d := range list {
		sessions[d.Session] = true
	}
	return []northbound.Finding{{
		Severity: "warning", Subject: "webhook",
		Detail: fmt.Sprintf("events of %d sessions were given up: s2cd events dead", len(sessions)),
	}}, nil
}
