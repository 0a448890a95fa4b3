// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/s2cd/s2cd/internal/providertest"
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

// provider stands in for a real one: where its API and its issuer are, and an
// http.Client that trusts its certificate.
func provider() (apiURL, issuerURL string, hc *http.Client, stop func()) {
	dir, err := os.MkdirTemp("", "s2cd-example")
	if err != nil {
		panic(err)
	}
	p, err := providertest.Start(dir)
	if err != nil {
		panic(err)
	}
	return p.API.URL, p.Issuer, p.API.Client(), func() {
		if err := errors.Join(p.Close(), os.RemoveAll(dir)); err != nil {
			panic(err)
		}
	}
}

// An application orders a session for an hour, waits until packets have proven
// it, and ends it.
func Example() {
	apiURL, issuerURL, hc, stop := provider()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	tokens, err := client.Credentials{Issuer: issuerURL, ClientID: "acme-app", Secret: providertest.Secret}.TokenSource(ctx, hc)
	if err != nil {
		panic(err)
	}
	c, err := client.New(apiURL, tokens, hc)
	if err != nil {
		panic(err)
	}

	site := api.AccessPoint{Id: new("site1"), StaticPrefixes: &[]string{"10.1.0.0/16"}}
	cloud := api.AccessPoint{
		Id: new("cloud1"), StaticPrefixes: &[]string{"172.16.1.0/24"},
		Wireguard: &api.WireGuardPeer{PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
	}
	offered, err := c.CheckAvailability(ctx, api.CheckAvailability{AccessPoint: site, EndPoint: cloud, GuaranteedBandwidth: 10, Duration: new(api.Duration(3600))})
	if err != nil {
		panic(err)
	}
	for _, o := range offered.Offers {
		fmt.Println("offered:", o.Sla, "for", o.Fee.Amount, o.Fee.Currency)
	}

	s, err := c.CreateSession(ctx, api.CreateSession{
		Name: new("branch to cloud"), AccessPoint: site, EndPoint: cloud, Sla: api.A, GuaranteedBandwidth: 10, Duration: new(api.Duration(3600)),
		OfferId: &offered.Offers[0].OfferId,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("ordered:", s.Status)

	s, err = c.Wait(ctx, s.SessionId, client.Activated, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println("works:", s.Status, "with VLAN", *s.Handover.AccessPoint.VlanId)

	if s, err = c.DeleteSession(ctx, s.SessionId); err != nil {
		panic(err)
	}
	fmt.Println("ended:", *s.StatusInfo)
	// Output:
	// offered: A for 5.36 EUR
	// ordered: REQUESTED
	// works: ACTIVATED with VLAN 11
	// ended: DELETE_REQUESTED
}

// What the provider refuses is an Error with a code for programs.
func ExampleError() {
	apiURL, issuerURL, hc, stop := provider()
	defer stop()
	ctx := context.Background()
	tokens, err := client.Credentials{Issuer: issuerURL, ClientID: "acme-app", Secret: providertest.Secret}.TokenSource(ctx, hc)
	if err != nil {
		panic(err)
	}
	c, err := client.New(apiURL, tokens, hc)
	if err != nil {
		panic(err)
	}

	_, err = c.CheckAvailability(ctx, api.CheckAvailability{
		AccessPoint: api.AccessPoint{Id: new("site1")}, EndPoint: api.AccessPoint{Id: new("elsewhere")}, GuaranteedBandwidth: 10,
	}, client.WithCorrelator("ticket-17"))
	var refused *client.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Status, refused.Code, refused.Correlator)
	}
	fmt.Println(err)
	// Output:
	// 422 SITE_TO_CLOUD_VPN.SERVICE_AREA_NOT_SUPPORTED ticket-17
	// check availability: endPoint.id: no access point "elsewhere" of this customer (422 SITE_TO_CLOUD_VPN.SERVICE_AREA_NOT_SUPPORTED)
}

// Sessions reads the next page when the loop gets there.
func ExampleClient_Sessions() {
	apiURL, issuerURL, hc, stop := provider()
	defer stop()
	ctx := context.Background()
	tokens, err := client.Credentials{Issuer: issuerURL, ClientID: "acme-app", Secret: providertest.Secret}.TokenSource(ctx, hc)
	if err != nil {
		panic(err)
	}
	c, err := client.New(apiURL, tokens, hc)
	if err != nil {
		panic(err)
	}
	for i := range 3 {
		_, err := c.CreateSession(ctx, api.CreateSession{
			Name: new(fmt.Sprintf("branch %d", i+1)), Sla: api.A, GuaranteedBandwidth: 10, StartTime: new(time.Now().Add(24 * time.Hour)),
			AccessPoint: api.AccessPoint{Id: new(fmt.Sprintf("site%d", i+1)), StaticPrefixes: &[]string{fmt.Sprintf("10.%d.0.0/16", i+1)}},
			EndPoint: api.AccessPoint{
				Id: new(fmt.Sprintf("cloud%d", i+1)), StaticPrefixes: &[]string{fmt.Sprintf("172.16.%d.0/24", i+1)},
				Wireguard: &api.WireGuardPeer{PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
			},
		})
		if err != nil {
			panic(err)
		}
	}

	filter := api.ListSessionsParams{Status: &api.StatusFilter{api.SCHEDULED}, PerPage: new(api.PageSize(2))}
	for s, err := range c.Sessions(ctx, filter) {
		if err != nil {
			panic(err)
		}
		fmt.Println(*s.Name, s.Status)
	}
	// Output:
	// branch 3 SCHEDULED
	// branch 2 SCHEDULED
	// branch 1 SCHEDULED
}
