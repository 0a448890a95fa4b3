// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/s2cd/s2cd/session"
)

// clientSecret is what is sealed of a sink whose tokens are fetched.
type clientSecret struct {
	ClientID string `json:"clientId"`
	TokenURI string `json:"tokenUri"`
}

// hideSecret takes out of a sink what is to be sealed: the token itself, or how
// to get one. It is empty where the sink has no credential.
func hideSecret(sink session.Sink) (session.Sink, []byte, error) {
	secret := []byte(sink.Token)
	if sink.TokenURI != "" {
		var err error
		if secret, err = json.Marshal(clientSecret{ClientID: sink.ClientID, TokenURI: sink.TokenURI}); err != nil {
			return session.Sink{}, nil, fmt.Errorf("encode sink credential: %w", err)
		}
	}
	sink.Token, sink.ClientID, sink.TokenURI = "", "", ""
	return sink, secret, nil
}

// revealSecret is the reverse. The type of the credential says which it is.
func revealSecret(sink session.Sink, secret []byte) (session.Sink, error) {
	if sink.CredentialType != session.PrivateKeyJWT {
		sink.Token = string(secret)
		return sink, nil
	}
	var c clientSecret
	if err := json.Unmarshal(secret, &c); err != nil {
		return session.Sink{}, fmt.Errorf("decode: %w", err)
	}
	sink.ClientID, sink.TokenURI = c.ClientID, c.TokenURI
	return sink, nil
}
