// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/s2cd/s2cd/lab/certs"
)

const sinkAddr = "127.0.0.1:9450"

// Sink is a customer's listener for notifications.
type Sink struct {
	server *http.Server

	mu  sync.Mutex // guards got
	got map[string][]string
	ids map[string]bool
}

// StartSink serves the sink over TLS.
func (s *Stack) StartSink(ctx context.Context) (*Sink, error) {
	files, err := s.Certs.Issue(certs.Leaf{Name: "sink", DNS: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	if err != nil {
		return nil, fmt.Errorf("certificate of the sink: %w", err)
	}
	sink := &Sink{got: map[string][]string{}, ids: map[string]bool{}}
	sink.server = &http.Server{Handler: http.HandlerFunc(sink.take), ReadHeaderTimeout: 5 * time.Second}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", sinkAddr)
	if err != nil {
		return nil, fmt.Errorf("listen for notifications: %w", err)
	}
	go func() { _ = sink.server.ServeTLS(l, files.Cert, files.Key) }()
	return sink, nil
}

// URL is what an order names as its sink.
func (*Sink) URL() string { return "https://" + sinkAddr + "/notifications" }

// Close ends the listener.
func (k *Sink) Close() error { return k.server.Close() }

func (k *Sink) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var event struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Session string `json:"sessionId"`
			Status  string `json:"status"`
			Info    string `json:"statusInfo"`
		} `json:"data"`
	}
	if err != nil || json.Unmarshal(body, &event) != nil || r.Header.Get("Content-Type") != "application/cloudevents+json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	status := strings.HasSuffix(event.Type, ".session-status-changed") // others tell of the service level
	if status && !k.ids[event.ID] {                                    // deliveries may be repeated, events are not
		k.ids[event.ID] = true
		word := event.Data.Status
		if event.Data.Info != "" {
			word += "/" + event.Data.Info
		}
		k.got[event.Data.Session] = append(k.got[event.Data.Session], word)
	}
	w.WriteHeader(http.StatusNoContent)
}

// Await waits until the events of a session are these, in this order.
func (k *Sink) Await(ctx context.Context, session string, want ...string) error {
	for {
		k.mu.Lock()
		got := append([]string{}, k.got[session]...)
		k.mu.Unlock()
		if fmt.Sprint(got) == fmt.Sprint(want) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("told %v of session %s, want %v", got, session, want), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
