// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"strconv"
	"time"
)

// target is the API, with a token for each tenant.
type target struct {
	addr   string // host:port
	base   string // path before those of calls
	tls    *tls.Config
	tokens []string // by tenant
}

// conn is a connection that is kept, HTTP/1.1 over TLS. It says what a client
// must and no more: the generator shares the machine with what it measures.
type conn struct {
	*target
	tls *tls.Conn
	in  *bufio.Reader
	out []byte

	deadline time.Time // of what is read and written
}

// answerIn is how long an answer may take before it counts as none, at least.
const answerIn = 60 * time.Second

func (t *target) dial(ctx context.Context) (*conn, error) {
	d := tls.Dialer{Config: t.tls}
	c, err := d.DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the API: %w", err)
	}
	secure, ok := c.(*tls.Conn)
	if !ok {
		return nil, fmt.Errorf("connect to the API: got a %T", c)
	}
	return &conn{target: t, tls: secure, in: bufio.NewReaderSize(secure, 16<<10)}, nil
}

func (c *conn) close() { _ = c.tls.Close() } // all answers are in

// do sends a call and reads its answer.
func (c *conn) do(q call) (answer, error) {
	if err := c.bound(time.Now()); err != nil {
		return answer{}, fmt.Errorf("bound the wait: %w", err)
	}
	c.out = c.request(c.out[:0], q)
	if _, err := c.tls.Write(c.out); err != nil {
		return answer{}, fmt.Errorf("send: %w", err)
	}
	a, err := readAnswer(c.in, q.want)
	if err != nil {
		return a, fmt.Errorf("read answer: %w", err)
	}
	return a, nil
}

// bound keeps the deadline between answerIn and twice that ahead, so that not each call
// moves a timer.
func (c *conn) bound(now time.Time) error {
	if c.deadline.Sub(now) > answerIn {
		return nil
	}
	c.deadline = now.Add(2 * answerIn)
	return c.tls.SetDeadline(c.deadline)
}

// request appends a call as it is sent (RFC 9112).
func (c *conn) request(out []byte, q call) []byte {
	out = append(append(append(append(append(out, q.method...), ' '), c.base...), q.path...), " HTTP/1.1\r\nHost: "...)
	out = append(append(out, c.addr...), "\r\nAuthorization: Bearer "...)
	out = append(append(out, c.tokens[q.tenant]...), "\r\n"...)
	if q.key != "" {
		out = append(append(append(out, "Idempotency-Key: "...), q.key...), "\r\n"...)
	}
	if q.body != "" {
		out = append(out, "Content-Type: application/json\r\nContent-Length: "...)
		out = append(strconv.AppendInt(out, int64(len(q.body)), 10), "\r\n"...)
	}
	return append(append(out, "\r\n"...), q.body...)
}
