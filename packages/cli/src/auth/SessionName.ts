/**
 * How a session is called where somebody has to recognise it.
 *
 * @since 0.1.0
 */
import * as Label from "@t3/protocol/Label"
import type { Session } from "@t3/protocol/Session"

/** The device's label, or what sort of device it is. */
export const of = ({ device }: Session): string => Label.clean(device.label) || device.kind
