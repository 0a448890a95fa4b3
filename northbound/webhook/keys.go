// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/s2cd/s2cd/order"
)

// SecretSize is the length in bytes of what keys are made from.
const SecretSize = 32

// assertionLife is how long an assertion may be used; CAMARA allows 300 s.
const assertionLife = 2 * time.Minute

// ErrFixedKeys says that keys which come from the configuration are rotated there.
var ErrFixedKeys = errors.New("the configuration names the keys of notifications: rotate them there")

// Keys are what the provider identifies itself with to customers' authorization
// servers (private_key_jwt). Each customer has a key of its own, made from one
// secret and the customer's name: with one key for all, a customer could name
// another's token endpoint and client id, and have the token brought to a sink
// of its own. Keys are safe for concurrent use.
type Keys struct {
	store order.NotificationKeys // nil: the secrets are the configuration's
	now   func() time.Time

	mu   sync.Mutex // guards keys, and is held while they are rotated
	keys []order.NotificationKey
}

// FixedKeys returns Keys made from secrets: the first signs, all are published.
func FixedKeys(secrets [][]byte, now func() time.Time) (*Keys, error) {
	k := &Keys{now: now}
	for i, secret := range secrets {
		if len(secret) != SecretSize {
			return nil, fmt.Errorf("notification key %d has %d bytes, want %d", i, len(secret), SecretSize)
		}
		key := order.NotificationKey{Secret: secret}
		if i > 0 {
			key.From = now().AddDate(1000, 0, 0) // published, and never its turn
		}
		k.keys = append(k.keys, key)
	}
	if len(k.keys) == 0 {
		return nil, errors.New("notification keys: none is given")
	}
	return k, nil
}

// OpenKeys returns the Keys that the store holds, and makes the first one.
func OpenKeys(ctx context.Context, store order.NotificationKeys, now func() time.Time) (*Keys, error) {
	k := &Keys{store: store, now: now}
	var err error
	if k.keys, err = store.NotificationKeys(ctx); err != nil {
		return nil, fmt.Errorf("notification keys: %w", err)
	}
	if len(k.keys) > 0 {
		return k, nil
	}
	_, err = k.Rotate(ctx, 0, 0)
	return k, err
}

// Rotate adds a key that is published from now on and signs after lead, the time
// that key sets are cached elsewhere. Those before it stay published for overlap
// after that. It returns all keys' times, oldest first. ErrFixedKeys: they are
// not kept here.
func (k *Keys) Rotate(ctx context.Context, lead, overlap time.Duration) ([]KeyTimes, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.store == nil {
		return nil, ErrFixedKeys
	}
	next := order.NotificationKey{Secret: make([]byte, SecretSize), From: k.now().Add(lead)}
	if _, err := rand.Read(next.Secret); err != nil {
		return nil, fmt.Errorf("make a notification key: %w", err)
	}
	if err := k.store.AddNotificationKey(ctx, next, next.From.Add(overlap)); err != nil {
		return nil, fmt.Errorf("rotate notification keys: %w", err)
	}
	var err error
	if k.keys, err = k.store.NotificationKeys(ctx); err != nil {
		return nil, fmt.Errorf("notification keys: %w", err)
	}
	return k.times(), nil
}

// KeyTimes says when a key is used.
type KeyTimes struct {
	Signs time.Time // from then on; zero: from the start
	Until time.Time // published until then; zero: until another takes over
}

// Times returns the keys' times, oldest first.
func (k *Keys) Times() []KeyTimes {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.times()
}

func (k *Keys) times() []KeyTimes {
	var all []KeyTimes
	for _, key := range k.published() {
		all = append(all, KeyTimes{Signs: key.From, Until: key.Until})
	}
	return all
}

// published returns the keys that are not over; k.mu is held.
func (k *Keys) published() []order.NotificationKey {
	var all []order.NotificationKey
	for _, key := range k.keys {
		if key.Until.IsZero() || key.Until.After(k.now()) {
			all = append(all, key)
		}
	}
	return all
}

// JWKS returns the public keys of a customer as a JWK set (RFC 7517 section 5).
// It answers for any name, so that nobody learns from it who is a customer.
func (k *Keys) JWKS(customer string) ([]byte, error) {
	k.mu.Lock()
	keys := k.published()
	k.mu.Unlock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, key := range keys {
		own, err := derive(key.Secret, customer)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, own.Public())
	}
	raw, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode key set: %w", err)
	}
	return raw, nil
}

// signing returns the key whose turn it is: the one that took over last, or the
// oldest where none has yet.
func (k *Keys) signing() (order.NotificationKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.published()
	if len(all) == 0 {
		return order.NotificationKey{}, errors.New("no notification key is left")
	}
	best := all[0]
	for _, key := range all[1:] {
		if !key.From.After(k.now()) && !key.From.Before(best.From) {
			best = key
		}
	}
	return best, nil
}

// assertion signs who we are for a token endpoint (RFC 7523 section 3).
func (k *Keys) assertion(customer, clientID, endpoint string) (string, error) {
	key, err := k.signing()
	if err != nil {
		return "", err
	}
	own, err := derive(key.Secret, customer)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: own}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign an assertion: %w", err)
	}
	now := k.now()
	signed, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: clientID, Subject: clientID, Audience: jwt.Audience{endpoint}, ID: uuid.NewString(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign an assertion: %w", err)
	}
	return signed, nil
}

// derive makes a customer's P-256 key from a secret: HKDF (RFC 5869) until it
// hits the field, which the first try misses once in 2^32.
func derive(secret []byte, customer string) (jose.JSONWebKey, error) {
	for try := range 8 {
		raw, err := hkdf.Key(sha256.New, secret, nil, "s2cd notifications "+strconv.Itoa(try)+" "+customer, 32)
		if err != nil {
			return jose.JSONWebKey{}, fmt.Errorf("derive a notification key: %w", err)
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
		if err != nil {
			continue
		}
		out := jose.JSONWebKey{Key: key, Algorithm: string(jose.ES256), Use: "sig"}
		thumb, err := out.Thumbprint(crypto.SHA256) // RFC 7638
		if err != nil {
			return jose.JSONWebKey{}, fmt.Errorf("name a notification key: %w", err)
		}
		out.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
		return out, nil
	}
	return jose.JSONWebKey{}, errors.New("derive a notification key: the secret yields none")
}
