/*-------------------------------------------------------------------------
 *
 * wire_parse.h
 *	  Numbers in network byte order, as the binary parsers of all types read them.
 *
 * NOTES
 *	  Pure C, no server headers.
 *
 * IDENTIFICATION
 *	  src/types/wire_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef WIRE_PARSE_H
#define WIRE_PARSE_H

#include <stdint.h>
#include <string.h>

/* The 16-bit number at p. */
static inline uint16_t
wire_uint16(const unsigned char *p)
{
	return (uint16_t) (p[0] << 8 | p[1]);
}

/* The 32-bit number at p. */
static inline uint32_t
wire_uint32(const unsigned char *p)
{
	return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* The binary32 number at p. */
static inline float
wire_float(const unsigned char *p)
{
	uint32_t bits = wire_uint32(p);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

#endif /* WIRE_PARSE_H */
