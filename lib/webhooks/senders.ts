import type { SenderName } from '../domain/settings/webhook-settings.ts';
import { generic } from './generic.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import type { Sender } from './sender.ts';

/** Every sender of `webhooks[].sender`. To add one: its file, its line here, its example in the contract suite. */
export const senders = { github, gitlab, generic } as const satisfies Record<SenderName, Sender>;
