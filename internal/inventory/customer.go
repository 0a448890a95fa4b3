// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"net/mail"

	"github.com/s2cd/s2cd/session"
)

func (b *builder) contact(at string, c fileContact) session.Contact {
	if c.Email != "" {
		if a, err := mail.ParseAddress(c.Email); err != nil || a.Address != c.Email {
			b.fault(at+".email", "%q is no e-mail address", c.Email)
		}
	}
	return session.Contact(c)
}

// priceBook is what levels of the catalogue cost a customer of its own.
func (b *builder) priceBook(at, customer string, list []fileOwnPrice) map[session.LevelName]session.Price {
	if len(list) == 0 {
		return nil
	}
	book := map[session.LevelName]session.Price{}
	digits, known := exponent(b.file.Catalogue.Currency)
	for i, own := range list {
		path := index(at, i)
		name := session.LevelName(own.Level)
		if _, sold := b.out.Catalogue.Level(name); !sold && own.Level != "" {
			b.fault(path+".level", "the catalogue has no level %q", own.Level)
		}
		b.unique(path+".level", "price of "+customer, own.Level)
		if known { // else it was said of the catalogue
			book[name] = b.price(path+".price", own.Price, b.file.Catalogue.Currency, digits)
		}
	}
	return book
}
