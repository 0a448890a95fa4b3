// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/config"
)

const (
	tokenTimeout = 10 * time.Second
	answerLimit  = 1 << 20 // bytes of an answer that are read
)

func newTokenCmd(a *app) *cobra.Command {
	var issuer, client, secretFile string
	var scopes []string
	c := &cobra.Command{
		Use:   "token --issuer URL --client ID --secret-file FILE [--scope SCOPE]...",
		Short: "Get an access token (client credentials, RFC 6749 section 4.4)",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), tokenTimeout)
			defer cancel()
			tokens, err := tokensOf(ctx, issuer, client, secretFile, scopes, nil)
			if err != nil {
				return fmt.Errorf("token: %w", err)
			}
			token, err := tokens.Token()
			if err != nil {
				return fmt.Errorf("token: %w", err)
			}
			return a.print("%s\n", token.AccessToken)
		},
	}
	c.Flags().StringVar(&issuer, "issuer", "http://"+config.Default().Dev.Listen, "URL of the token issuer")
	c.Flags().StringVar(&client, "client", "", "client id")
	c.Flags().StringVar(&secretFile, "secret-file", "", "file that holds the client's secret, readable by its owner alone")
	c.Flags().StringArrayVar(&scopes, "scope", nil, "scope to ask for; all that the client may have by default")
	for _, f := range []string{"client", "secret-file"} {
		if err := c.MarkFlagRequired(f); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return c
}
