// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"github.com/s2cd/s2cd/internal/config"
	"github.com/s2cd/s2cd/northbound/client"
)

// Exit codes of the customer's commands, beside those of every command.
const (
	exitRefused  = 3 // it cannot be had: no room, no such access point, a quota is full
	exitDenied   = 4 // no token, or one that may not
	exitNotFound = 5 // no such session, or none any longer
	exitConflict = 6 // not in the session's present state
	exitEnded    = 7 // the session ended before what was waited for
	exitLater    = 8 // not reached, or busy: the same command may work later
)

const customerHelp = `These commands speak to a provider's API as a customer's application does.

  --api and S2CD_CLIENT_API                          where the API is, https://HOST[:PORT]
  --issuer and S2CD_CLIENT_ISSUER                    the provider's token issuer
  --client-id and S2CD_CLIENT_ID                     the application at the issuer
  --client-secret-file and S2CD_CLIENT_SECRET_FILE   file that holds its secret
  --token and S2CD_CLIENT_TOKEN                      an access token, instead of the three above
  --ca and S2CD_CLIENT_CA                            file of certificates to trust besides the system's

Exit status: 0 done, 1 fault, 2 wrong command line, 3 cannot be had (no room, no such access point, quota),
4 token missing or not allowed, 5 no such session, 6 not in the session's present state, 7 the session ended
before what was waited for, 8 not reached or busy, to be tried again.`

// errRefused ends a command that has already said that nothing can be had.
var errRefused = errors.New("cannot be had")

// customerError is what a customer's command failed with.
type customerError struct{ err error }

func (e *customerError) Error() string { return e.err.Error() }

func (e *customerError) Unwrap() error { return e.err }

// markCustomer has commands end with the exit codes of the customer's.
func markCustomer(commands ...*cobra.Command) {
	for _, c := range commands {
		run := c.RunE
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if err := run(cmd, args); err != nil {
				return &customerError{err}
			}
			return nil
		}
	}
}

// exit is the exit code that says what kind of error it is.
func (e *customerError) exit() int {
	var refused *client.Error
	var issuer *oauth2.RetrieveError
	switch {
	case errors.Is(e.err, errRefused), errors.Is(e.err, errUndone):
		return exitRefused
	case errors.Is(e.err, client.ErrEnded):
		return exitEnded
	case client.IsTemporary(e.err):
		return exitLater
	case errors.As(e.err, &issuer):
		return exitDenied
	case !errors.As(e.err, &refused):
		return exitFault
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitDenied
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return exitConflict
	case http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return exitRefused
	}
	return exitFault
}

// provider is where a customer's commands find the API, as flags.
type provider struct {
	app *app

	api, token, issuer, clientID, secretFile, ca string
}

// customerFlags adds them to a command and those below it.
func (a *app) customerFlags(c *cobra.Command) *provider {
	p := &provider{app: a}
	f := c.PersistentFlags()
	f.StringVar(&p.api, "api", "", "address of the provider's API ($S2CD_CLIENT_API)")
	f.StringVar(&p.issuer, "issuer", "", "URL of the provider's token issuer ($S2CD_CLIENT_ISSUER)")
	f.StringVar(&p.clientID, "client-id", "", "the application at the issuer ($S2CD_CLIENT_ID)")
	f.StringVar(&p.secretFile, "client-secret-file", "", "file that holds its secret, readable by its owner alone ($S2CD_CLIENT_SECRET_FILE)")
	f.StringVar(&p.token, "token", "", "access token, instead of an issuer ($S2CD_CLIENT_TOKEN)")
	f.StringVar(&p.ca, "ca", "", "file of certificates to trust besides the system's ($S2CD_CLIENT_CA)")
	c.Long = customerHelp
	return p
}

// connect makes the client that the flags and variables describe.
func (p *provider) connect(ctx context.Context) (*client.Client, error) {
	address := cmp.Or(p.api, p.app.getenv("S2CD_CLIENT_API"))
	if address == "" {
		return nil, usagef("give --api or S2CD_CLIENT_API")
	}
	hc := &http.Client{Timeout: 30 * time.Second}
	if ca := cmp.Or(p.ca, p.app.getenv("S2CD_CLIENT_CA")); ca != "" {
		roots, err := rootsWith(ca)
		if err != nil {
			return nil, err
		}
		hc = clientWith(roots)
	}
	tokens, err := p.tokens(ctx, hc)
	if err != nil {
		return nil, err
	}
	c, err := client.New(address, tokens, hc)
	if err != nil {
		return nil, &usageError{err}
	}
	return c, nil
}

func (p *provider) tokens(ctx context.Context, hc *http.Client) (oauth2.TokenSource, error) {
	issuer := cmp.Or(p.issuer, p.app.getenv("S2CD_CLIENT_ISSUER"))
	token := p.token
	if p.issuer == "" { // what is typed wins over what is exported
		token = cmp.Or(token, p.app.getenv("S2CD_CLIENT_TOKEN"))
	}
	id, file := cmp.Or(p.clientID, p.app.getenv("S2CD_CLIENT_ID")), cmp.Or(p.secretFile, p.app.getenv("S2CD_CLIENT_SECRET_FILE"))
	switch {
	case token != "":
		return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}), nil
	case issuer == "" || id == "" || file == "":
		return nil, usagef("give a --token, or --issuer, --client-id and --client-secret-file")
	}
	return tokensOf(ctx, issuer, id, file, nil, hc)
}

// tokensOf reads a client's secret and returns the source of its tokens.
func tokensOf(ctx context.Context, issuer, id, secretFile string, scopes []string, hc *http.Client) (oauth2.TokenSource, error) {
	secret, err := config.DevClient{SecretFile: secretFile}.ReadSecret()
	if err != nil {
		return nil, fmt.Errorf("client's secret: %w", err)
	}
	tokens, err := client.Credentials{Issuer: issuer, ClientID: id, Secret: string(secret), Scopes: scopes}.TokenSource(ctx, hc)
	if err != nil {
		return nil, &usageError{err}
	}
	return tokens, nil
}
