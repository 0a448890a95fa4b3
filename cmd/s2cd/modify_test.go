// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
)

// everyone lets the client of that name in.
type everyone struct{}

func (everyone) Authenticate(_ context.Context, token string) (auth.Identity, error) {
	scopes, err := northbound.Scopes()
	return auth.Identity{Client: token, Scopes: scopes}, err
}

// customer speaks to a daemon's API as a client of tenant-1.
type customer struct {
	*noc
	api *northbound.Server
}

func (n *noc) customer() *customer {
	n.Helper()
	server, err := northbound.New(northbound.Config{
		UseCases: n.orders, Authenticator: everyone{}, Log: n.log, Now: n.now,
		TenantOf: func(client string) (session.TenantID, bool) { return session.TenantID(client), true },
	})
	n.must(err)
	return &customer{n, server}
}

// does sends a request, which has to be answered with that status.
func (c *customer) does(want int, method, path, body string, header ...string) (info api.SessionInfo, tag string) {
	c.Helper()
	r := httptest.NewRequest(method, "https://api.example.com"+northbound.BasePath+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer tenant-1")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	if w.Code != want {
		c.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, w.Code, want, w.Body)
	}
	if w.Code < http.StatusMultipleChoices {
		c.must(json.Unmarshal(w.Body.Bytes(), &info))
	}
	return info, w.Header().Get("ETag")
}

// From the request to the devices and to the last account: a daemon, its store,
// and devices in memory.
func TestSessionIsChangedThroughTheAPI(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNOC(t)
		one := n.sells("tenant-1", "site-a", "vpc-a1", session.LevelA)
		c, at := n.customer(), "/sessions/"+string(one.ID)
		_, tag := c.does(http.StatusOK, "GET", at, "")
		const patch = "application/merge-patch+json"

		got, named := c.does(http.StatusOK, "PATCH", at, `{"name": "branch"}`, "Content-Type", patch, "If-Match", tag)
		if *got.Name != "branch" || got.Phase != api.ACTIVE || named == tag {
			t.Errorf("named %+v, ETag %s", got, named)
		}
		c.does(http.StatusPreconditionFailed, "PATCH", at, `{"name": "late"}`, "If-Match", tag)
		c.does(http.StatusUnprocessableEntity, "PATCH", at, `{"guaranteedBandwidth": 1000000}`)
		c.does(http.StatusBadRequest, "PATCH", at, `{"duration": 7}`)

		time.Sleep(time.Minute)
		brake := provision.Freeze{Scope: provision.FreezeDevice, Name: "PE1", Reason: "works", Since: n.now()}
		n.must(n.store.SetFreeze(t.Context(), brake, true))
		got, _ = c.does(http.StatusAccepted, "PATCH", at, `{"guaranteedBandwidth": 60, "name": null}`, "Content-Type", patch, "If-Match", `"x", `+named)
		if got.GuaranteedBandwidth != 60 || got.GuaranteedReverseBandwidth != 20 || got.Phase != api.MODIFYING || got.Name != nil {
			t.Errorf("changing %+v", got)
		}
		c.does(http.StatusConflict, "PATCH", at, `{"guaranteedBandwidth": 70}`)
		n.must(n.store.SetFreeze(t.Context(), brake, false))
		n.await(one.ID, session.Active)
		// Level A books half, and 2% more for labels.
		if r := n.reservedOn("PE1-P1") + n.reservedOn("PE1-P2"); r != 30_600 {
			t.Errorf("%d kbit/s reserved", r)
		}

		for range 2 {
			got, _ = c.does(http.StatusOK, "POST", at+"/extend", `{"requestedAdditionalDuration": 60}`, "Idempotency-Key", "k")
			if got.Duration != 360 {
				t.Errorf("lasts %d s", got.Duration)
			}
		}
		c.does(http.StatusUnprocessableEntity, "POST", at+"/extend", `{"requestedAdditionalDuration": 61}`, "Idempotency-Key", "k")

		time.Sleep(time.Minute)
		got, _ = c.does(http.StatusAccepted, "DELETE", at, "", "If-Match", "*")
		a := got.Account
		if a == nil || !a.Final || len(a.Charges) != 2 || a.Charges[1].GuaranteedBandwidth != 60 || a.Delivered == nil || a.Fee != got.Fee {
			t.Fatalf("account %+v", a)
		}
		n.await(one.ID, session.Released)
		c.does(http.StatusNotFound, "GET", at, "")
		var kept operatorSession
		n.must(json.Unmarshal([]byte(n.ask("GET", at, "")), &kept))
		if !kept.Account.Final || kept.Account.Fee.Amount != a.Fee.Amount || len(kept.Account.Charges) != 2 || kept.Account.Measured == nil {
			t.Errorf("the operator sees %+v", kept.Account)
		}
		n.sound()
	})
}
