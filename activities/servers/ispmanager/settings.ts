import { z } from 'zod';

const onOrOff = z.enum(['on', 'off'], { error: 'on or off' });

/** What both ispmanagers may be told of the users they make. */
export const ispManagerSettings = z.strictObject({
  preset: z
    .string()
    .regex(/^[^\p{Cc}]{1,100}$/u, 'the name of a preset of the panel, at most 100 characters')
    .optional(),
  /** Whether a site and a mail domain are made with the user. */
  webdomain: onOrOff.optional(),
  emaildomain: onOrOff.optional(),
});
