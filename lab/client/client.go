// SPDX-License-Identifier: Apache-2.0

// Package client is the selftest's own gNMI client: raw messages with JSON
// bodies, so that the lab PE is judged by something that shares no code with
// the daemon it is for.
package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/s2cd/s2cd/lab/certs"
)

// Client speaks to one device.
type Client struct {
	gpb.GNMIClient
	target string
	conn   *grpc.ClientConn
}

// Dial prepares a connection with a client certificate. The server has to be
// the device of that name.
func Dial(target, addr string, f certs.Files) (*Client, error) {
	cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("load client certificate: %w", err)
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("read CA: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	creds := credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{cert}, RootCAs: pool, MinVersion: tls.VersionTLS13,
		VerifyConnection: func(s tls.ConnectionState) error {
			for _, u := range s.PeerCertificates[0].URIs {
				if u.String() == certs.DeviceID(target) {
					return nil
				}
			}
			return fmt.Errorf("the server is not %s", certs.DeviceID(target))
		},
	})
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds))
	if err != nil {
		return nil, fmt.Errorf("prepare connection to %s: %w", target, err)
	}
	return &Client{GNMIClient: gpb.NewGNMIClient(conn), target: target, conn: conn}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Elem makes a path element; keys are name, value, name, value.
func Elem(name string, keys ...string) *gpb.PathElem {
	e := &gpb.PathElem{Name: name}
	for i := 0; i+1 < len(keys); i += 2 {
		if e.Key == nil {
			e.Key = map[string]string{}
		}
		e.Key[keys[i]] = keys[i+1]
	}
	return e
}

// Path makes a path.
func Path(elems ...*gpb.PathElem) *gpb.Path { return &gpb.Path{Elem: elems} }

// JSON makes an update of a path.
func JSON(path *gpb.Path, body string) *gpb.Update {
	return &gpb.Update{Path: path, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(body)}}}
}

// Send sets target and origin and sends the request with extensions. Its error
// is the device's status.
func (c *Client) Send(ctx context.Context, req *gpb.SetRequest, ext ...*gnmi_ext.Extension) error {
	req.Prefix = &gpb.Path{Target: c.target, Origin: "openconfig"}
	req.Extension = ext
	_, err := c.Set(ctx, req)
	return err
}

// Fetch reads one path's configuration.
func (c *Client) Fetch(ctx context.Context, path *gpb.Path) (string, error) {
	resp, err := c.Get(ctx, &gpb.GetRequest{
		Prefix: &gpb.Path{Target: c.target, Origin: "openconfig"}, Path: []*gpb.Path{path}, Encoding: gpb.Encoding_JSON_IETF,
	})
	if err != nil {
		return "", err
	}
	return string(resp.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal()), nil
}

// Commit is the extension for a commit that is undone after d.
func Commit(id string, d time.Duration) *gnmi_ext.Extension {
	return commit(&gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Commit{Commit: &gnmi_ext.CommitRequest{RollbackDuration: durationpb.New(d)}}})
}

// Confirm is the extension that keeps it.
func Confirm(id string) *gnmi_ext.Extension {
	return commit(&gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Confirm{Confirm: &gnmi_ext.CommitConfirm{}}})
}

// Cancel is the extension that undoes it.
func Cancel(id string) *gnmi_ext.Extension {
	return commit(&gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Cancel{Cancel: &gnmi_ext.CommitCancel{}}})
}

func commit(c *gnmi_ext.Commit) *gnmi_ext.Extension {
	return &gnmi_ext.Extension{Ext: &gnmi_ext.Extension_Commit{Commit: c}}
}

// Master is the extension with an election id.
func Master(role string, low uint64) *gnmi_ext.Extension {
	return &gnmi_ext.Extension{Ext: &gnmi_ext.Extension_MasterArbitration{MasterArbitration: &gnmi_ext.MasterArbitration{
		Role: &gnmi_ext.Role{Id: role}, ElectionId: &gnmi_ext.Uint128{Low: low},
	}}}
}
