// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/google/uuid"
)

const (
	correlatorHeader = "x-correlator"
	keyHeader        = "Idempotency-Key"
	matchHeader      = "If-Match"

	maxAnswer = 32 << 20 // bytes of an answer that are read
)

var (
	errToken = errors.New("get a token")
	errLost  = errors.New("read the answer") // it was cut off
)

// CallOption changes one call.
type CallOption func(*call)

// call is what all tries of one request have in common.
type call struct {
	correlator string
	key        string
	match      string
}

// WithCorrelator sets the x-correlator of a call, which the provider keeps with
// everything that the call causes. By default it is a new UUID.
func WithCorrelator(id string) CallOption { return func(c *call) { c.correlator = id } }

// WithIdempotencyKey sets the key by which the provider knows a repeated call
// again for a day. By default it is a new UUID, kept for all tries of one call;
// an application that has to survive its own end stores one with the order.
func WithIdempotencyKey(key string) CallOption { return func(c *call) { c.key = key } }

func newCall(opts []CallOption) call {
	x := call{correlator: uuid.NewString()}
	for _, o := range opts {
		o(&x)
	}
	return x
}

// keyed gives a call a key of its own unless opts have one.
func keyed(opts []CallOption) []CallOption {
	return slices.Concat([]CallOption{WithIdempotencyKey(uuid.NewString())}, opts)
}

// send makes a request until it succeeds, may not be repeated or the Client's
// patience ends, and decodes the answer into one that is not nil. build makes the
// request anew for every try.
func (c *Client) send(ctx context.Context, r repetition, opts []CallOption, build func(server string) (*http.Request, error), into any) (http.Header, error) {
	x := newCall(opts)
	for done := 1; ; done++ {
		header, err := c.try(ctx, x, build, into)
		if err == nil || done == c.backoff.Tries || ctx.Err() != nil || !r.again(err) {
			return header, err
		}
		pause := c.backoff.pause(done, err)
		if pause > c.backoff.Most || !sleep(ctx, pause) {
			return nil, err
		}
	}
}

// try makes a request once.
func (c *Client) try(ctx context.Context, x call, build func(server string) (*http.Request, error), into any) (http.Header, error) {
	req, err := build(c.server)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	token, err := c.tokens.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errToken, err)
	}
	token.SetAuthHeader(req)
	req.Header.Set("Accept", "application/json")
	for name, value := range map[string]string{correlatorHeader: x.correlator, keyHeader: x.key, matchHeader: x.match} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("call the API: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, refusal(resp, body)
	}
	if len(body) > maxAnswer {
		return nil, errors.New("the API's answer is too long")
	}
	if into == nil {
		return resp.Header, nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, fmt.Errorf("decode the API's answer: %w", err)
	}
	return resp.Header, nil
}
