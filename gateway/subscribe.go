// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

const (
	// onChangeInterval is how often the kernel is read for ON_CHANGE: counters
	// have no event of their own.
	onChangeInterval = time.Second
	minSample        = 100 * time.Millisecond
)

// subscription is one path of a Subscribe with what was last sent for it.
type subscription struct {
	path    *gpb.Path
	every   time.Duration
	changed bool // send what changed only
	due     time.Time
	sent    map[string]*gpb.Update
}

// Subscribe serves ONCE and STREAM (SAMPLE and ON_CHANGE; TARGET_DEFINED is ON_CHANGE).
func (s *Server) Subscribe(stream gpb.GNMI_SubscribeServer) error {
	req, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	list := req.GetSubscribe()
	if list == nil {
		return status.Error(codes.InvalidArgument, "the first message must be a subscription list")
	}
	encoding := list.GetEncoding()
	if encoding != gpb.Encoding_JSON_IETF && encoding != gpb.Encoding_PROTO {
		return status.Errorf(codes.Unimplemented, "encoding %s is not supported, use JSON_IETF or PROTO", encoding)
	}
	subs, err := subscriptions(list)
	if err != nil {
		return err
	}
	sender := &sender{server: s, stream: stream, list: list}
	if err := sender.send(stream.Context(), subs, s.agent.cfg.Now(), true, list.GetUpdatesOnly()); err != nil {
		return err
	}
	sync := &gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_SyncResponse{SyncResponse: true}}
	if err := stream.Send(sync); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if list.GetMode() == gpb.SubscriptionList_ONCE {
		return nil
	}
	return sender.follow(stream.Context(), subs)
}

func subscriptions(list *gpb.SubscriptionList) ([]*subscription, error) {
	if m := list.GetMode(); m != gpb.SubscriptionList_ONCE && m != gpb.SubscriptionList_STREAM {
		return nil, status.Errorf(codes.Unimplemented, "mode %s is not supported", m)
	}
	if len(list.GetSubscription()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "no subscription in the list")
	}
	var subs []*subscription
	for _, in := range list.GetSubscription() {
		path, err := absolute(list.GetPrefix(), in.GetPath())
		if err != nil {
			return nil, err
		}
		sub := &subscription{path: path, every: onChangeInterval, changed: true, sent: map[string]*gpb.Update{}}
		if in.GetMode() == gpb.SubscriptionMode_SAMPLE {
			sub.changed = in.GetSuppressRedundant()
			sub.every = time.Duration(min(in.GetSampleInterval(), uint64(24*time.Hour)))
			if sub.every == 0 {
				sub.every = onChangeInterval
			}
			if sub.every < minSample {
				return nil, status.Errorf(codes.InvalidArgument, "sample_interval below %s", minSample)
			}
		}
		subs = append(subs, sub)
	}
	return subs, nil
}

// sender writes notifications to one stream.
type sender struct {
	server *Server
	stream gpb.GNMI_SubscribeServer
	list   *gpb.SubscriptionList
}

// follow sends what is due until the client goes.
func (s *sender) follow(ctx context.Context, subs []*subscription) error {
	for {
		next := subs[0].due
		for _, sub := range subs[1:] {
			if sub.due.Before(next) {
				next = sub.due
			}
		}
		timer := time.NewTimer(next.Sub(s.server.agent.cfg.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := s.send(ctx, subs, s.server.agent.cfg.Now(), false, false); err != nil {
			return err
		}
	}
}

// send reads the tree once and sends what is due of it; silent remembers the
// first reading without sending it (updates_only).
func (s *sender) send(ctx context.Context, subs []*subscription, now time.Time, first, silent bool) error {
	root, err := s.server.root(ctx, gpb.GetRequest_ALL)
	if err != nil {
		return err
	}
	leaves, err := flatten(root, now.UnixNano(), s.list.GetEncoding())
	if err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	for _, sub := range subs {
		if !first && sub.due.After(now) {
			continue
		}
		sub.due = now.Add(sub.every)
		n := sub.difference(leaves, first)
		if silent || len(n.Update)+len(n.Delete) == 0 {
			continue
		}
		n.Timestamp = now.UnixNano()
		if t := s.list.GetPrefix().GetTarget(); t != "" {
			n.Prefix = &gpb.Path{Target: t}
		}
		if err := s.stream.Send(&gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_Update{Update: n}}); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	return nil
}

// difference returns what to send of leaves and remembers it.
func (sub *subscription) difference(leaves map[string]*gpb.Update, first bool) *gpb.Notification {
	n := &gpb.Notification{}
	now := make(map[string]*gpb.Update)
	for k, u := range leaves {
		if !covers(sub.path, u.GetPath()) {
			continue
		}
		now[k] = u
		if old, ok := sub.sent[k]; first || !sub.changed || !ok || !proto.Equal(old.GetVal(), u.GetVal()) {
			n.Update = append(n.Update, u)
		}
	}
	for k, u := range sub.sent {
		if now[k] == nil {
			n.Delete = append(n.Delete, u.GetPath())
		}
	}
	sub.sent = now
	return n
}

// flatten returns every leaf of root by the text of its path.
func flatten(root *gwyang.Root, at int64, encoding gpb.Encoding) (map[string]*gpb.Update, error) {
	ns, err := ygot.TogNMINotifications(root, at, ygot.GNMINotificationsConfig{UsePathElem: true})
	if err != nil {
		return nil, fmt.Errorf("leaves of the tree: %w", err)
	}
	out := make(map[string]*gpb.Update)
	for _, n := range ns {
		for _, u := range n.GetUpdate() {
			if encoding == gpb.Encoding_JSON_IETF {
				if u.Val, err = jsonValue(u); err != nil {
					return nil, err
				}
			}
			out[pathText(u.GetPath())] = u
		}
	}
	return out, nil
}

// jsonValue writes a leaf's value in JSON; 64-bit numbers are strings (RFC 7951 section 6.1).
func jsonValue(u *gpb.Update) (*gpb.TypedValue, error) {
	wide := false
	entry := gwyang.SchemaTree["Root"]
	for _, e := range u.GetPath().GetElem() {
		if entry = childOf(entry, e.GetName()); entry == nil {
			return nil, errors.New("leaf outside the model: " + pathText(u.GetPath()))
		}
	}
	if entry.Type != nil {
		wide = entry.Type.Kind == yang.Yuint64
	}
	b, err := json.Marshal(plain(u.GetVal(), wide))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", pathText(u.GetPath()), err)
	}
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: b}}, nil
}

func plain(v *gpb.TypedValue, wide bool) any {
	switch x := v.GetValue().(type) {
	case *gpb.TypedValue_UintVal:
		if wide {
			return strconv.FormatUint(x.UintVal, 10)
		}
		return x.UintVal
	case *gpb.TypedValue_BoolVal:
		return x.BoolVal
	case *gpb.TypedValue_LeaflistVal:
		list := []any{}
		for _, e := range x.LeaflistVal.GetElement() {
			list = append(list, plain(e, wide))
		}
		return list
	}
	return v.GetStringVal()
}
