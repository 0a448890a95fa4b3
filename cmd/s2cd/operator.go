// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/config"
)

// How long an answer may take, and one that looks at every session.
const (
	operatorTimeout = 30 * time.Second
	planTimeout     = 10 * time.Minute
)

// operator speaks to the daemon's admin listener.
type operator struct {
	address string
	http    *http.Client
}

// adminFlag adds --admin to a command; the function gives the operator once
// flags are read.
func (a *app) adminFlag(c *cobra.Command) func() *operator {
	address := c.PersistentFlags().String("admin", cmp.Or(a.getenv("S2CD_ADMIN_LISTEN"), config.Default().Admin.Listen),
		"the daemon's admin listener, host:port or unix:PATH")
	return func() *operator { return newOperator(*address) }
}

func newOperator(address string) *operator {
	network, at := "tcp", address
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		network, at = "unix", path
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, at)
		if err != nil {
			return nil, fmt.Errorf("reach the daemon: %w", err)
		}
		return conn, nil
	}
	return &operator{
		address: address,
		http:    &http.Client{Timeout: operatorTimeout, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}},
	}
}

// patient returns an operator that waits for an answer that looks at every session.
func (o *operator) patient() *operator {
	slow := *o.http
	slow.Timeout = planTimeout
	return &operator{address: o.address, http: &slow}
}

// call sends one request to /operator/v1 and decodes its answer into one that
// is not nil.
func (o *operator) call(ctx context.Context, method string, query url.Values, body, into any, path ...string) error {
	u := (&url.URL{Scheme: "http", Host: "localhost"}).JoinPath("operator", "v1")
	for _, p := range path {
		u = u.JoinPath(url.PathEscape(p))
	}
	u.RawQuery = query.Encode()
	var content io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := o.http.Do(req)
	if err != nil {
		return o.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 16*answerLimit))
	if err != nil {
		return fmt.Errorf("read the daemon's answer: %w", err)
	}
	return decodeAnswer(resp, data, into)
}

// unreachable says it in one line: the URL of the request is of no interest.
func (o *operator) unreachable(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("no daemon answers on %s: %w", o.address, err)
}

func decodeAnswer(resp *http.Response, data []byte, into any) error {
	if resp.StatusCode >= http.StatusBadRequest {
		var refusal struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		}
		if json.Unmarshal(data, &refusal) == nil && refusal.Message != "" {
			return fmt.Errorf("the daemon refused: %s (%s)", refusal.Message, refusal.Code)
		}
		return fmt.Errorf("the daemon answered %s", resp.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode the daemon's answer: %w", err)
	}
	return nil
}
